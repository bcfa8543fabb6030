import re
from typing import Any

import pytest
from django.test import Client

from posts.models import Post, Series
from subscriptions import digest
from subscriptions.models import Plan
from subscriptions.plans import Arrangement
from tests.factories import make_author, make_tag
from tests.subscriptions.factories import DAY, NOON, SECOND, make_due_post, open_issue

pytestmark = pytest.mark.django_db
URL = "/digest/2026/03/04/"


def test_sent_issue_can_be_read_in_the_browser(client: Client):
    issue = open_issue(title="A pilot")
    page = client.get(URL).content.decode()
    assert issue.get_absolute_url() == URL
    assert "A pilot" in page
    assert "/u/" not in page
    assert "style=" not in page


def test_page_holds_what_the_mail_says_and_nothing_of_one_person(client: Client):
    series = Series.objects.create(title="Pilots in prisons", slug="pilots")
    make_due_post(title="The first part", series=series, series_position=1, before=30 * DAY)
    make_due_post(title="The second part", series=series, series_position=2,
                  excerpt="What it cost.")  # fmt: skip
    Plan.arrange(("daily", NOON.date()), Arrangement("Read this & that."), by=None, at=NOON,
                 seen="")  # fmt: skip
    issue = open_issue(title="A pilot", excerpt="What it saved.")
    page = client.get(URL).content.decode()
    for words in ("Read this &amp; that.", "The second part", "What it cost.", "A pilot",
                  "What it saved.", "Pilots in prisons", "The first part"):  # fmt: skip
        assert words in page
        assert words in issue.editions.get().html
    for path in re.findall(r'href="http://testserver.test(/[^"]*)"', issue.html):
        assert f'href="{path}"' in page or path.startswith(("/u/", "/subscription/", URL))


def test_withdrawn_post_is_gone_from_its_issue(client: Client):
    open_issue(title="Stays")
    make_due_post(title="Goes", noon=NOON + DAY)
    make_due_post(title="Remains", noon=NOON + DAY)
    digest.open_issue(NOON + DAY + SECOND)
    Post.objects.get(title="Goes").withdraw()
    page = client.get("/digest/2026/03/05/").content.decode()
    assert "Remains" in page
    assert "Goes" not in page


def test_issue_with_nothing_left_to_show_is_not_found(client: Client):
    open_issue()
    Post.objects.get().withdraw()
    assert client.get(URL).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/digest/2026/03/05/", "/digest/2026/02/30/", "/digest/0000/00/00/", "/digest/9999/99/99/",
     "/digest/2026/3/4/", "/digest/2026/03/"],
)  # fmt: skip
def test_date_without_a_sent_issue_is_not_found(client: Client, path: str):
    open_issue()
    digest.open_issue(NOON + DAY + SECOND)  # Nothing new: an empty issue.
    assert client.get(path).status_code == 404


def test_weekly_issue_has_no_page_of_its_own(client: Client):
    make_due_post()
    digest.open_issue(NOON + 2 * DAY + SECOND, kind="weekly")
    assert client.get("/digest/2026/03/06/").status_code == 404


def test_query_count_does_not_grow_with_the_posts(client: Client, django_assert_num_queries: Any):
    author, tag = make_author(), make_tag()
    for days, count in ((0, 1), (1, 12)):
        for _ in range(count):
            make_due_post(noon=NOON + days * DAY, author=author, topic=tag)
        digest.open_issue(NOON + days * DAY + SECOND)
    for path in (URL, "/digest/2026/03/05/"):
        with django_assert_num_queries(4):  # The issue, its order, its posts, the navigation.
            client.get(path)
