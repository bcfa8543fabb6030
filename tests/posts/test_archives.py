"""Archives by year, month and day: counts, neighbours, calendars; never what is not public."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from posts.models import Post
from tests.factories import make_post

pytestmark = pytest.mark.django_db


def on(year: int, month: int = 5, day: int = 1, **values) -> Post:
    return make_post(published_at=datetime(year, month, day, 10, tzinfo=settings.ZONE), **values)


def counted(context, key: str = "months") -> dict[str, int]:
    return {month["name"]: month["count"] for month in context[key] if month["count"]}


def test_a_post_belongs_to_its_day_in_the_sites_zone(client):
    # 23:30 UTC on 30 June is 00:30 on 1 July in London.
    make_post(published_at=datetime(2014, 6, 30, 23, 30, tzinfo=UTC))
    assert client.get("/2014/06/").status_code == 404
    assert counted(client.get("/2014/").context) == {"July": 1}
    assert client.get("/2014/07/01/").context["post_count"] == 1


def test_the_overview_counts_by_year_and_month(client):
    for month in (5, 5, 7):
        on(2013, month)
    on(2011, 12, 31)
    years = client.get("/archive/").context["years"]
    assert [(year["label"], year["count"]) for year in years] == [("2013", 3), ("2011", 1)]
    assert counted(years[0]) == {"May": 2, "July": 1}


@pytest.mark.parametrize(
    ("path", "previous", "following"),
    [
        ("/2013/", "/2011/", "/2015/"),
        ("/2013/05/", "/2011/05/", "/2013/07/"),
        ("/2013/05/01/", "/2011/05/01/", "/2013/07/09/"),
        ("/2015/", "/2013/", None),
        ("/2011/05/01/", None, "/2013/05/01/"),
    ],
)
def test_neighbours_are_the_nearest_periods_with_posts(client, path, previous, following):
    for moment in ((2011,), (2013,), (2013, 7, 9), (2015,)):
        on(*moment)
    context = client.get(path).context
    found = [context[name] and context[name]["url"] for name in ("previous", "next")]
    assert found == [previous, following]


def test_a_month_has_a_calendar_with_links_to_days_that_have_posts(client):
    for day in (7, 7, 20):
        on(2013, 5, day)
    page = client.get("/2013/05/").content.decode()
    assert '<a href="/2013/05/07/" title="2 posts">7</a>' in page
    assert "/2013/05/08/" not in page
    assert '<strong aria-current="date">20</strong>' in client.get("/2013/05/20/").content.decode()


@pytest.mark.parametrize("path", ["/archive/", "/2013/", "/2013/05/", "/2013/05/07/"])
def test_nothing_unpublished_is_counted_linked_or_a_neighbour(client, path):
    on(2013, 5, 7)
    before = client.get(path).content
    for status in ("draft", "review", "withdrawn"):
        on(2013, 5, 7, status=status)
        on(2012, 5, 8, status=status)
    make_post(published_at=timezone.now() + timedelta(hours=1))
    assert client.get(path).content == before


def test_a_scheduled_post_is_counted_from_its_very_instant(client):
    at = datetime(2030, 1, 1, 0, 0, tzinfo=UTC)
    make_post(published_at=at)
    with time_machine.travel(at - timedelta(microseconds=1), tick=False):
        assert client.get("/2030/").status_code == 404
        assert not client.get("/archive/").context["years"]
    with time_machine.travel(at, tick=False):
        assert counted(client.get("/2030/").context) == {"January": 1}
        assert len(client.get("/archive/").context["years"]) == 1


def test_every_page_names_its_number_its_neighbours_and_itself(client):
    for day in range(1, 22):
        on(2013, 5, day)
    page = client.get("/2013/page/2/").content.decode()
    assert "<title>Posts from 2013, page 2 ·" in page
    for rel, path in (
        ("canonical", "/2013/page/2/"),
        ("prev", "/2013/"),
        ("next", "/2013/page/3/"),
    ):
        assert f'<link rel="{rel}" href="http://testserver.test{path}">' in page


@pytest.mark.parametrize(
    ("path", "target"),
    [("/2013/page/1/", "/2013/"), ("/2013/05/page/01/", "/2013/05/"),
     ("/page/002/", "/page/2/"), ("/author/author-x/page/1/", "/author/author-x/")],
)  # fmt: skip
def test_each_page_has_one_address(client, path, target):
    author = on(2013).author
    author.slug = "author-x"
    author.save()
    for _ in range(11):
        on(2013)
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (301, target)


@pytest.mark.parametrize(
    "path",
    ["/0000/", "/0001/", "/9999/", "/9999/12/31/", "/2013/page/0/", "/2013/page/00/",
     "/2013/page/2/", "/2013/02/29/", "/2099/"],
)  # fmt: skip
def test_what_no_calendar_holds_is_404(client, path):
    on(2013)
    assert client.get(path).status_code == 404


def test_a_post_dated_in_the_year_one_breaks_no_page(client):
    make_post(published_at=datetime(1, 1, 2, tzinfo=UTC))
    on(2013)
    for path in ("/archive/", "/2013/", "/", "/sitemap.xml"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "most"),
    [("/archive/", 3), ("/2013/", 6), ("/2013/05/", 6), ("/2013/05/07/", 6), ("/2013/page/2/", 6),
     ("/page/2/", 4), ("/author/author-x/", 6), ("/author/author-x/page/2/", 5)],
)  # fmt: skip
def test_a_list_costs_so_many_queries_whatever_it_holds(
    client, path, most, django_assert_max_num_queries
):
    author = on(2013, 5, 7).author
    author.slug = "author-x"
    author.save()
    for _ in range(2):
        for place in range(12):
            on(2013 - (place == 0), 5 + place % 2, 7)
        with django_assert_max_num_queries(most):
            assert client.get(path).status_code == 200
