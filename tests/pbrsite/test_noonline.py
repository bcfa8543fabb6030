"""What the open form is told again and again, for the fields as they are typed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from posts.models import Post
from tests.factories import make_member, make_post, make_staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 10, 37, tzinfo=UTC)  # 11:37 in London, in summer


@pytest.fixture
def ask(client):
    client.force_login(make_staff())

    def answer(**query) -> Any:
        with time_machine.travel(NOW, tick=False):
            return client.get(reverse("admin:noon_line"), query).json()

    return answer


def test_a_new_post_is_told_of_the_next_noon(ask):
    answer = ask()
    assert answer["line"] == "Published now, it goes out in today's 12:00 e-mail, 23 min left."
    assert answer["button"] == "Publish now"


def test_who_may_not_publish_is_told_that_an_editor_does(client):
    query = {"published_at_0": "02/07/2026", "published_at_1": "12:00:00"}
    with time_machine.travel(NOW, tick=False):
        client.force_login(make_member("Author"))
        now, later = (client.get(reverse("admin:noon_line"), q).json()["line"] for q in ({}, query))
        page = client.get(reverse("admin:posts_post_add")).content.decode()
    told = "If an editor publishes it now, it goes out in today"
    assert now.startswith(told)
    assert told in page
    assert later.startswith("If an editor schedules it for then, it goes out in the 12:00 e-mail")


def test_what_is_typed_counts_and_is_not_saved(ask):
    post = make_post(status="draft", published_at=None)
    answer = ask(post=post.pk, published_at_0="02/07/2026", published_at_1="12:00:00")
    assert answer["line"].endswith("goes out in the 12:00 e-mail of Friday 3 July.")
    assert answer["button"] == "Schedule for 2 July, 12:00 BST"
    assert Post.objects.get().published_at is None


def test_an_embargo_typed_moves_the_button(ask):
    answer = ask(not_before_0="04/07/2026", not_before_1="09:00")
    assert answer["button"] == "Schedule for 4 July, 09:00 BST"


def test_a_tick_taken_off_counts(ask):
    assert ask(is_mailed="false")["line"].startswith("Not mailed")


def test_half_a_time_is_answered_in_words(ask):
    answer = ask(published_at_0="02/07/2026", published_at_1="")
    assert answer["line"] == "Enter a valid time."
    assert answer["button"] == ""


def test_the_hour_that_comes_twice_is_told_and_the_skipped_one_refused(ask):
    post = make_post(status="draft", published_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    answer = ask(post=post.pk, published_at_0="25/10/2026", published_at_1="01:30:00")
    assert answer["button"] == "Schedule for 25 October, 01:30 GMT"
    assert "BST" in ask(published_at_0="25/10/2026", published_at_1="01:30")["button"]
    assert "Type 00:30" in ask(published_at_0="28/03/2027", published_at_1="01:30")["line"]


def test_the_page_learns_the_sites_clock(ask):
    answer = ask()
    assert (answer["now"], answer["utc_offset"]) == (NOW.timestamp(), 3600)
    assert answer["as_of"] == "11:37 BST"


def test_nothing_typed_moves_what_is_public(ask):
    post = make_post(published_at=NOW - timedelta(days=30))
    answer = ask(post=post.pk, published_at_0="", published_at_1="")
    assert answer["line"] == "Not mailed: it is older than 7 days."


@pytest.mark.parametrize("query", ["post=99999", "post=x", "post=%00"])
def test_no_such_post_is_404(client, query):
    client.force_login(make_staff())
    assert client.get(f"{reverse('admin:noon_line')}?{query}").status_code == 404


def test_the_line_stands_in_the_form_without_a_script(client):
    client.force_login(make_staff())
    page = client.get(reverse("admin:posts_post_add")).content.decode()
    assert 'id="noon-line"' in page
    assert "12:00 e-mail" in page


@pytest.mark.parametrize(
    "at", [("9999-12-31", "23:59"), ("31/12/9999", "23:59"), ("01/01/0001", "00:00")]
)
def test_a_time_beyond_the_calendar_is_answered_in_words(ask, at):
    answer = ask(published_at_0=at[0], published_at_1=at[1])
    assert answer["line"]


@pytest.mark.parametrize("number", ["²", "9" * 5000, "1\x00"])
def test_a_number_that_is_none_has_no_noon(client, number):
    client.force_login(make_staff())
    assert client.get(reverse("admin:noon_line"), {"post": number}).status_code == 404
