"""An export imported again: what is here and unchanged stays, what was edited here too."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pbrsite.wordpress import aftermath, sorting
from posts.indexing import SearchEntry
from posts.models import Post
from tests.pbrsite.wordpress.exports import (
    author,
    category,
    comment,
    item,
    reasons,
)

pytestmark = pytest.mark.slow

PRISONS = ("category", "prison-posts", "Prisons")


def test_a_second_run_writes_no_row(imported):
    pieces = [author("jo", "Jo"), category("prison", "Prisons"),
              item(post_id=1, terms=[PRISONS], comments=[comment(5)]), item(post_id=2)]  # fmt: skip
    imported(*pieces)
    with CaptureQueriesContext(connection) as queries:
        report = imported(*pieces)
    assert report["counts"]["post"] == {"created": 0, "updated": 0, "unchanged": 2, "skipped": 0}
    assert report["counts"]["comment"]["unchanged"] == 1
    verbs = {query["sql"].split()[0] for query in queries}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE"}


def test_a_post_changed_on_the_blog_is_changed_here(imported):
    imported(item(post_id=1, title="Old", post_name="old", terms=[PRISONS]))
    report = imported(item(post_id=1, title="New", post_name="new", terms=[]))
    post = Post.objects.get()
    assert report["counts"]["post"]["updated"] == 1
    assert (post.title, post.slug, post.tags.count()) == ("New", "new", 0)


def test_a_post_edited_here_is_not_overwritten(imported):
    imported(item(post_id=1, title="Old"))
    post = Post.objects.get()
    post.title = "Ours"
    post.save()
    unchanged = imported(item(post_id=1, title="Old", post_name=post.slug))
    changed = imported(item(post_id=1, title="Theirs", post_name=post.slug))
    assert Post.objects.get().title == "Ours"
    assert unchanged["counts"]["post"]["unchanged"] + changed["counts"]["post"]["skipped"] == 2
    assert sorting.EDITED in reasons(changed)


def test_a_post_deleted_here_stays_away_unless_asked_for(imported):
    piece = item(post_id=1, post_name="gone")
    imported(piece)
    Post.objects.get().delete()
    assert sorting.DELETED in reasons(imported(piece))
    assert not Post.objects.exists()
    imported(piece, again=True)
    assert Post.objects.get().slug == "gone"


def test_a_post_made_private_or_thrown_away_on_the_blog_is_withdrawn_here(imported, client):
    imported(item(post_id=1, post_name="a"), item(post_id=2, post_name="b"))
    imported(item(post_id=1, post_name="a", status="private"),
             item(post_id=2, post_name="b", status="trash"))  # fmt: skip
    assert set(Post.objects.values_list("status", flat=True)) == {"withdrawn"}
    assert client.get("/a/").status_code == client.get("/b/").status_code == 410


def test_another_post_under_the_same_address_and_number_is_kept_apart(imported):
    first = item(post_id=7, post_name="first", guid="https://old.example.org/first/")
    second = item(post_id=7, post_name="second", guid="https://old.example.org/second/")
    imported(first)
    imported(second)
    report = imported(second)
    assert report["counts"]["post"]["unchanged"] == 1
    assert set(Post.objects.values_list("slug", flat=True)) == {"first", "second"}


def test_two_posts_with_one_guid_are_two_posts(imported):
    guid = "https://old.example.org/?p=568"
    imported(item(post_id=7, guid=guid), item(post_id=8, guid=guid))
    assert Post.objects.count() == 2


def test_posts_without_a_number_are_found_again_by_guid(imported):
    piece = item(post_id=0, post_name="a", guid="https://old.example.org/a/")
    imported(piece)
    assert imported(piece)["counts"]["post"]["unchanged"] == 1


def test_a_second_run_indexes_only_what_was_left_without(imported, django_assert_num_queries):
    imported(item())
    with django_assert_num_queries(1):
        aftermath.catch_up()
    SearchEntry.objects.all().delete()
    aftermath.catch_up()
    assert SearchEntry.objects.count() == 1
