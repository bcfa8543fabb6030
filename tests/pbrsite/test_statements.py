"""Statements: a queryset's rows without its cost, and as it would give them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from pbrsite.database.statements import Statement
from posts.models import Post, PostQuerySet, Tag
from tests.factories import make_post, make_tag

pytestmark = pytest.mark.django_db


@Statement
def at(slug: str, now: datetime) -> PostQuerySet:
    return Post.objects.published(now).for_page().filter(slug=slug)


@Statement
def titles(pks: list[int], least_words: int) -> QuerySet[Post, tuple[int, str]]:
    wanted = RawSQL("posts_post.id = ANY(%s)", [pks], output_field=BooleanField())
    posts = Post.objects.filter(wanted, word_count__gte=least_words)
    return posts.order_by("pk").values_list("pk", "title")


def test_a_statement_gives_the_rows_its_queryset_gives(django_assert_num_queries):
    post = make_post(body="<h2>One</h2><p>Words.</p>", topic=make_tag(name="Prisons"))
    now = timezone.now()
    by_queryset = Post.objects.published(now).for_page().get(slug=post.slug)
    with django_assert_num_queries(1) as captured:
        (by_statement,) = at(post.slug, now)
        assert str(by_statement.topic) == "Prisons"
        assert by_statement.contents == by_queryset.contents
    assert "= $1" in captured[0]["sql"]
    assert by_statement.published_at == by_queryset.published_at
    assert by_statement.get_deferred_fields() == by_queryset.get_deferred_fields()
    assert by_statement.notices() == by_queryset.notices() == []


def test_each_call_has_arguments_of_its_own():
    first, second = make_post(), make_post()
    in_an_hour = timezone.now() + timedelta(hours=1)
    later = make_post(published_at=in_an_hour)
    assert at(first.slug, timezone.now()) == [first]
    assert at(second.slug, timezone.now()) == [second]
    assert at(later.slug, timezone.now()) == []
    assert at(later.slug, in_an_hour) == [later]


@pytest.mark.parametrize("slug", ["", "'; DROP TABLE posts_post; --", "100%s %% $1", "x" * 10_000])
def test_an_argument_never_becomes_part_of_the_sql(slug):
    assert at(slug, timezone.now()) == []
    assert not connection.needs_rollback


def test_texts_that_look_like_placeholders_stay_as_they_are():
    tag = make_tag(name="100% of $1 %s")
    named = Statement(lambda pk: Tag.objects.filter(pk=pk, name="100% of $1 %s"))
    assert named(tag.pk) == [tag]


def test_lists_numbers_and_plain_tuples():
    posts = [make_post(body="<p>Three words here.</p>"), make_post(body="<p>One</p>")]
    pks = [post.pk for post in posts]
    assert titles(pks[:1], 0) == [(pks[0], posts[0].title)]
    assert titles([], 0) == []
    assert titles(pks[:1], 100_000) == []


def test_a_function_that_looks_at_its_arguments_is_refused():
    hasty = Statement(lambda number: Post.objects.filter(word_count=number + 1))
    with pytest.raises(TypeError, match="does not hand"):
        hasty(1)


def test_a_moment_that_would_stand_still_is_refused():
    late = Statement(lambda pk: Post.objects.published().filter(pk=pk))
    with pytest.raises(TypeError, match="would stand still"):
        late(1)


def test_an_argument_of_an_unknown_kind_is_refused():
    with pytest.raises(TypeError, match="set cannot be an argument"):
        Statement(lambda pks: Post.objects.filter(pk__in=pks))({1})


def test_moments_are_aware_and_in_utc():
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    post = make_post(published_at=moment)
    (found,) = at(post.slug, timezone.now().replace(year=2100))
    assert str(found.published_at) == str(moment) == "2026-03-29 01:30:00+00:00"


@pytest.mark.django_db(transaction=True)
def test_a_column_of_another_type_is_met_by_preparing_anew():
    post = make_post()
    at(post.slug, timezone.now())
    change = "ALTER TABLE posts_post ALTER COLUMN title TYPE varchar({})"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change.format(161))
        assert at(post.slug, timezone.now()) == [post]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(change.format(160))
