"""Until when a post takes comments."""

from datetime import UTC, datetime, timedelta

import pytest

from comments import closing
from comments.models import Comment
from posts.models import Post
from tests.comments.factories import send
from tests.factories import make_post

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("switch", "age", "limit", "expected"),
    [
        (True, 4000 * DAY, None, True),
        (True, 30 * DAY - timedelta(seconds=1), 30 * DAY, True),
        (True, 30 * DAY, 30 * DAY, False),
        (False, DAY, None, False),
        (False, DAY, 30 * DAY, False),
    ],
)
def test_a_post_is_open_by_its_switch_and_its_age(settings, switch, age, limit, expected):
    settings.COMMENTS_CLOSE_AFTER = limit
    post = Post(is_open_to_comments=switch, published_at=NOW - age)
    assert closing.is_open(post, NOW) is expected


@pytest.mark.django_db
def test_an_old_post_has_no_form_and_hands_a_late_comment_back(client, settings):
    settings.COMMENTS_CLOSE_AFTER = 30 * DAY
    post = make_post(published_at=NOW - 4000 * DAY)
    page = client.get(f"/{post.slug}/").content.decode()
    assert "comment-form" not in page
    assert "No comments<" in page  # and none yet to come
    assert "Comments on this post are closed." in page
    answer = send(client, post, body="Late words.")
    assert answer.status_code == 403
    assert "Late words." in answer.content.decode()
    assert not Comment.objects.exists()
