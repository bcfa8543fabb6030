"""Posts with weak relatives: public ones beside which little fits, and why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.models import Post, RelatedPost
from posts.relatives import WEAK
from tests.factories import make_member, make_post, make_posts, make_tag

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PATH = "/admin/posts/post/?match=weak"


@pytest.fixture(autouse=True)
def editor(client) -> None:
    client.force_login(make_member("Editor"))


def beside(post: Post, other: Post, score: float, **reason) -> None:
    place = post.relatives.count() + 1
    RelatedPost.objects.create(post=post, related=other, score=score, position=place, reason=reason)


@pytest.mark.parametrize(
    ("score", "reason", "is_weak"),
    [
        (WEAK, {}, False),
        (WEAK - 0.01, {}, True),
        (0, {"pinned": True}, False),
        (0, {"series": True}, False),
    ],
)
def test_a_post_is_weakly_related_until_something_fits(score, reason, is_weak):
    post, other = make_post(), make_post()
    assert post in Post.objects.weakly_related()
    beside(post, other, score, **reason)
    assert (post in Post.objects.weakly_related()) == is_weak


def test_what_readers_do_not_see_fits_nothing_and_needs_nothing():
    post, withdrawn = make_post(), make_post(status="withdrawn")
    beside(post, withdrawn, 1.0)
    soon = make_post(published_at=timezone.now() + timedelta(days=1))
    weak = Post.objects.weakly_related()
    assert post in weak
    assert withdrawn not in weak
    assert soon not in weak


def test_the_list_says_what_stands_best_and_why_and_offers_the_panel(client):
    post, near = make_post(title="Lonely post"), make_post(title="Nearest post")
    beside(post, near, 0.07, words=["cohort"])
    page = client.get(PATH).content.decode()
    for words in ("Posts with weak relatives", "Lonely post", "0.07", "Nearest post", "cohort",
                  f"/admin/posts/post/{post.pk}/change/#relatives"):  # fmt: skip
        assert words in page


def test_the_list_is_sorted_by_score_and_narrowed_by_tag_and_words(client):
    tag = make_tag()
    first, second, other = make_post(title="Apple"), make_post(title="Pear"), make_post()
    for post, score in ((first, 0.09), (second, 0.03)):
        post.tags.set([tag])
        beside(post, other, score)
    page = client.get(f"{PATH}&tag={tag.pk}&o=4")
    assert list(page.context["cl"].result_list) == [second, first]
    page = client.get(f"{PATH}&tag={tag.pk}&q=apple")
    assert list(page.context["cl"].result_list) == [first]


def test_the_list_costs_the_same_at_10_and_100_rows(client):
    counts = []
    other = make_post()
    for more in (10, 90):
        for post in make_posts(more):
            beside(post, other, 0.05)
        client.get(PATH)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PATH).context["cl"].result_count > more
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15


def test_an_author_sees_none_but_their_own(client):
    make_post(title="Somebody else's")
    client.force_login(make_member("Author"))
    assert "Somebody else" not in client.get(PATH).content.decode()
