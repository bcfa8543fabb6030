"""The search index keeps up with the posts, and its numbers with the index."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from posts import search, tasks
from posts.models import Post, SearchEntry, SearchTerm
from tests.factories import make_post, make_tag

pytestmark = pytest.mark.django_db


def numbers() -> dict[str, int]:
    return dict(SearchTerm.objects.filter(posts__gt=0).values_list("term", "posts"))


def test_indexing_twice_changes_nothing(django_assert_max_num_queries):
    posts = [make_post(title=f"Bonds {number}").pk for number in range(3)]
    search.index(posts)
    before = numbers(), list(SearchEntry.objects.values_list("post", "terms"))
    search.index(posts)
    assert before == (numbers(), list(SearchEntry.objects.values_list("post", "terms")))
    assert before[0]["bond"] == before[0]["#"] == 3
    with django_assert_max_num_queries(8):
        search.index(posts)


def test_words_taken_out_of_a_post_are_counted_no_more():
    post = make_post(title="Bonds and trusts")
    search.index([post.pk])
    Post.objects.filter(pk=post.pk).update(title="Trusts")
    search.index([post.pk])
    assert "bond" not in numbers()
    assert numbers()["trust"] == 1


def test_a_deleted_post_is_counted_no_more():
    post = make_post(title="Bonds")
    search.index([post.pk])
    post.delete()
    assert numbers() == {}


def test_an_unpublished_post_is_indexed_and_not_counted():
    draft = make_post(title="Bonds", status="draft")
    search.index([draft.pk])
    assert numbers() == {}
    assert [post.pk for post in search.mentioning("bonds")] == [draft.pk]


def test_a_post_without_an_entry_and_one_that_appeared_are_indexed_by_the_clock():
    now = timezone.now()
    make_post(title="Bonds")
    later = make_post(title="Trusts", published_at=now + timedelta(hours=1))
    search.index([later.pk])
    with time_machine.travel(now + timedelta(hours=2)):
        tasks.index_overdue(timestamp=0)
        assert search.overdue(timezone.now()) == []
    assert numbers()["bond"] == numbers()["trust"] == 1


def test_a_post_of_very_many_words_and_one_of_none_are_indexed():
    posts = [make_post(), make_post(title="?", excerpt="", body="")]
    Post.objects.filter(pk=posts[0].pk).update(plain_text="prison word " * 20_000 + "bonds")
    search.index([post.pk for post in posts])
    assert SearchEntry.objects.count() == 2
    assert [post.pk for post in search.mentioning("bonds")] == [posts[0].pk]


def test_tags_and_their_other_names_are_in_the_index():
    tag = make_tag(name="Ministry of Justice")
    tag.aliases.create(name="MoJ")
    search.index([make_post(tags=(tag,)).pk])
    assert {"moj", "ministri", "justic"} <= numbers().keys()
