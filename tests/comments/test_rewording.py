"""Words changed by the editors: what the page says, and what is never overwritten."""

import pytest
from django.test import Client

from comments.models import Comment
from tests.comments.factories import make_comment, make_moderator, published
from tests.comments.test_admin import form_data

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_moderator("moderate_comment"))
    return client


def save(client: Client, comment: Comment, **values: str) -> str:
    opened = {"initial-new_name": comment.name, "initial-new_body": comment.body}
    typed = {"new_name": comment.name, "new_body": comment.body}
    data = form_data(**opened | typed | values)
    url = f"/admin/comments/comment/{comment.pk}/change/"
    return client.post(url, data, follow=True).content.decode()


def test_readers_are_told_that_the_editors_changed_the_words(desk):
    comment = published(body="Call me on 01234 567890. *Now*.")
    save(desk, comment, new_body="Call me. *Now*.")
    comment.refresh_from_db()
    assert comment.body_html == "<p>Call me. <em>Now</em>.</p>"
    page = desk.get(f"/{comment.post.slug}/").content.decode()
    assert "edited by the editors" in page
    assert "01234" not in page


def test_a_form_that_changed_nothing_says_nothing(desk):
    comment = make_comment(body="One.\nTwo.")
    save(desk, comment, **{"initial-new_body": "One.\r\nTwo.", "new_body": "One.\r\nTwo."})
    comment.refresh_from_db()
    assert (comment.body, comment.staff_edited_at) == ("One.\nTwo.", None)


def test_what_the_writer_changed_meanwhile_is_not_overwritten(desk):
    comment = make_comment(body="As the editor saw it.")
    Comment.objects.update(body="As it is now.")
    page = save(desk, comment, new_body="As the editor wants it.")
    assert "The writer changed this since you opened it" in page
    assert "As the editor wants it." in page
    assert Comment.objects.get().body == "As it is now."


@pytest.mark.parametrize("choice", [{"_approve": "1"}, {"reply": "Thank you."}])
def test_words_nobody_at_the_desk_has_read_are_not_decided_about(desk, choice):
    comment = make_comment(body="As the editor saw it.")
    Comment.objects.update(body="As its writer left it.")
    page = save(desk, comment, **choice)
    assert "Open the page again to read the words" in page
    assert Comment.objects.get().state == "held"


@pytest.mark.parametrize("words", ["", "  ", "x" * 5_001])
def test_words_that_cannot_stand_are_refused(desk, words):
    comment = make_comment()
    save(desk, comment, new_body=words)
    assert Comment.objects.get().body == comment.body


def test_who_may_only_look_changes_no_words(client):
    client.force_login(make_moderator())
    comment = make_comment()
    save(client, comment, new_body="Put in the mouth")
    assert Comment.objects.get().body == comment.body
