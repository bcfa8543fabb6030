"""Times in words: on the site's clock, and never without its name."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse

from posts import moments
from posts.models import ScheduledChange
from tests.factories import make_post, make_staff
from tests.posts.test_changes import later
from tests.posts.test_revisions import save

NOW = datetime(2026, 7, 4, 9, 30, tzinfo=UTC)  # a Saturday; 10:30 in London


@pytest.mark.parametrize(
    ("moment", "brief", "clock"),
    [
        (NOW, "today, 10:30 BST", "10:30 BST"),
        (datetime(2026, 3, 4, 9, 30, tzinfo=UTC), "4 March, 09:30 GMT", "09:30 GMT on 4 March"),
        (
            datetime(2025, 12, 31, 9, 30, tzinfo=UTC),
            "31 December 2025, 09:30 GMT",
            "09:30 GMT on 31 December 2025",
        ),
    ],
    ids=["today", "this year", "another year"],
)
def test_a_moment_is_told_with_as_much_date_as_it_needs(moment, brief, clock):
    assert (moments.in_brief(moment, NOW), moments.clock(moment, NOW)) == (brief, clock)


def test_the_two_times_of_an_hour_that_comes_twice_are_told_apart():
    first, second = (datetime(2025, 10, 26, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert moments.in_words(first) == "Sunday 26 October 2025, 01:30 BST"
    assert moments.in_words(second) == "Sunday 26 October 2025, 01:30 GMT"


@pytest.mark.django_db
def test_history_and_changes_for_later_name_the_clock(client):
    with time_machine.travel(NOW, tick=False):
        client.force_login(make_staff())
        post = make_post()
        save(client, post, title="Newer")
        history = client.get(reverse("admin:posts_post_history", args=[post.pk]))
        assert "Saturday 4 July 2026, 10:30:00 BST" in history.content.decode()
        typed = {"later-due_at_0": "04/12/2026", "later-due_at_1": "09:00"}
        page = later(client, post, title="Later", **typed).content.decode()
        change = ScheduledChange.objects.get()
        shown = client.get(
            reverse("admin:posts_post_scheduled_change", args=[post.pk, change.pk])
        ).content.decode()
    assert "Kept for Friday 4 December 2026, 09:00 GMT." in page
    assert "will change on Friday 4 December 2026, 09:00 GMT." in page
    assert "4 July 2026, 10:30 BST" in shown
