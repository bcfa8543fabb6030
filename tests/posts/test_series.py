"""Series: order, coming parts, and what stands beside a part on page, in feed and in mail."""

from datetime import date

import pytest
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.urls import reverse

from posts.models import AnnouncedPart, Post, Series
from posts.series import outline
from tests.factories import make_post, make_staff
from tests.posts.test_admin import form_data

pytestmark = pytest.mark.django_db


def make_series(**values) -> Series:
    return Series.objects.create(**{"title": "The long view", "slug": "the-long-view"} | values)


def make_parts(series: Series, *statuses: str) -> list[Post]:
    return [
        make_post(series=series, series_position=number, status=status, title=f"Title {number}")
        for number, status in enumerate(statuses, 1)
    ]


def seen_from(post: Post):
    Series.objects.prefetch_outlines([post])
    return post.outline


def test_previous_and_next_part_leave_out_what_is_not_public():
    first, _, third = make_parts(make_series(), "published", "draft", "published")
    assert seen_from(first).previous is None
    assert seen_from(first).next.title == third.title
    assert seen_from(third).previous.title == first.title


def test_an_announced_part_counts_and_is_named_without_a_link(client):
    series = make_series(planned_parts=8)
    first, draft = make_parts(series, "published", "draft")
    AnnouncedPart.objects.create(
        series=series, position=2, title="What comes", expected_on=date(2027, 1, 9)
    )
    page = client.get(first.get_absolute_url()).content.decode()
    assert "Part 1 of 8 of" in page
    assert "What comes (expected on 9 January 2027)" in page
    assert draft.title not in page


def test_an_announcement_gives_way_when_its_part_is_out():
    series = make_series()
    make_parts(series, "published", "published")
    AnnouncedPart.objects.create(series=series, position=2, title="What comes")
    assert [part.title for part in outline(series).parts] == ["Title 1", "Title 2"]


def test_parts_without_a_number_follow_in_the_order_they_came_out():
    series = make_series()
    make_parts(series, "published")
    late = make_post(series=series, title="Afterword")
    assert [part.title for part in outline(series).parts] == ["Title 1", "Afterword"]
    assert seen_from(late).total == 1


def test_many_posts_of_many_series_cost_one_query(django_assert_num_queries):
    for number in range(3):
        make_parts(make_series(slug=f"s-{number}"), "published", "published")
    posts = list(Post.objects.select_related("series"))
    with django_assert_num_queries(1):
        Series.objects.prefetch_outlines(posts)


def test_posts_of_no_series_cost_no_query(django_assert_num_queries):
    posts = [make_post()]
    with django_assert_num_queries(0):
        Series.objects.prefetch_outlines(posts)


def test_a_series_has_a_page_and_a_feed(client):
    series = make_series(description="Told slowly.")
    first, second = make_parts(series, "published", "published")
    page = client.get(series.get_absolute_url()).content.decode()
    assert page.index(first.get_absolute_url()) < page.index(second.get_absolute_url())
    feed = client.get(f"{series.get_absolute_url()}feed/").content.decode()
    assert "Before this" in feed
    assert f"http://testserver.test{first.get_absolute_url()}" in feed


def test_a_series_of_drafts_alone_has_no_page(client):
    series = make_series()
    make_parts(series, "draft")
    assert client.get(series.get_absolute_url()).status_code == 404
    assert client.get(f"{series.get_absolute_url()}feed/").status_code == 404


def test_postgres_refuses_two_announcements_of_one_part():
    series = make_series()
    AnnouncedPart.objects.create(series=series, position=2, title="Once")
    with pytest.raises(IntegrityError):
        AnnouncedPart.objects.create(series=series, position=2, title="Twice")


def test_a_series_with_posts_is_not_deleted_under_them():
    series = make_series()
    make_parts(series, "draft")
    with pytest.raises(ProtectedError):
        Series.objects.all().delete()


def test_a_part_that_is_taken_is_refused_with_what_to_do(client):
    client.force_login(make_staff())
    series = make_series()
    make_parts(series, "published")
    data = form_data(series=series.pk, series_position=1)
    page = client.post(reverse("admin:posts_post_add"), data).content.decode()
    assert "Give this one the next free number" in page
    assert Post.objects.count() == 1
