"""The search index: whose words are counted, what is written, and in which order it is locked."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from posts import search
from posts.indexing import SearchEntry, SearchTerm
from posts.models import Post
from tests.factories import make_post
from tests.subscriptions.test_races import together


def counted(term: str) -> int:
    """Return how many posts are counted to hold it once the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return SearchTerm.objects.filter(term=term).values_list("posts", flat=True).first() or 0


def withdraw(post: Post) -> None:
    post.withdraw()


def delete(post: Post) -> None:
    post.delete()


def put_off(post: Post) -> None:
    Post.objects.filter(pk=post.pk).update(published_at=timezone.now() + timedelta(days=1))


def delete_by_script(post: Post) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM posts_searchentry WHERE post_id = %s", [post.pk])


@pytest.mark.django_db
@pytest.mark.parametrize("hide", [withdraw, delete, put_off, delete_by_script])
def test_the_words_of_what_is_hidden_are_no_longer_offered(client, hide):
    kept, hidden = make_post(title="Prisons"), make_post(title="Brundlewick prisons")
    search.index([kept.pk, hidden.pk])
    assert "brundlewick" in client.get("/search/", {"q": "brundlewik"}).content.decode()
    hide(hidden)
    assert (counted("=brundlewick"), counted("=prisons"), counted("#")) == (0, 1, 1)
    assert "brundlewick" not in client.get("/search/", {"q": "brundlewik"}).content.decode()


def deleted_by_a_hundred() -> None:
    Post.objects.all().delete()


def hidden_one_by_one() -> None:
    for post in Post.objects.all():
        post.withdraw()


@pytest.mark.django_db
@pytest.mark.parametrize("act", [deleted_by_a_hundred, hidden_one_by_one])
def test_the_words_of_many_posts_are_counted_down_together(act):
    search.index([make_post(title="Brundlewick prisons").pk for _ in range(3)])
    terms, before = SearchTerm.objects.count(), written()
    act()
    assert counted("=brundlewick") == counted("#") == counted("#words") == 0
    assert written() - before == terms
    assert late_comers() == 0


def written() -> int:
    """Return how many rows this transaction has written to the numbers of words."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_tuples_updated('posts_searchterm'::regclass)")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_post_deleted_and_indexed_anew_in_one_transaction_is_counted_once():
    post = make_post(title="Brundlewick")
    search.index([post.pk])
    delete_by_script(post)
    search.index([post.pk])
    assert counted("=brundlewick") == counted("#") == 1


@pytest.mark.django_db
def test_the_words_of_a_scheduled_post_are_not_offered(client):
    post = make_post(title="Brundlewick", published_at=timezone.now() + timedelta(hours=1))
    search.index([post.pk])
    assert counted("=brundlewick") == 0
    assert "brundlewick" not in client.get("/search/", {"q": "brundlewik"}).content.decode()


@pytest.mark.django_db
def test_a_post_withdrawn_and_published_again_is_counted_once():
    post = make_post(title="Brundlewick")
    search.index([post.pk])
    post.withdraw()
    post.publish(at=timezone.now())
    assert counted("=brundlewick") == counted("#") == 1


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_and_a_job_for_the_same_post_do_not_block_each_other_for_ever():
    post = make_post()
    search.index([post.pk])

    def act(number: int) -> str:
        if number:
            search.index([post.pk])
        else:
            with transaction.atomic():
                Post.objects.get(pk=post.pk).withdraw()
                connection.cursor().execute("SELECT pg_sleep(0.1)")
                search.index([post.pk])
        return "done"

    assert together(2, act) == ["done", "done"]


def delete_all(post: Post) -> None:
    Post.objects.filter(pk=post.pk).delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deleted", [delete, delete_all])
def test_a_deletion_and_a_job_for_the_same_post_do_not_block_each_other_for_ever(deleted):
    post = make_post()
    search.index([post.pk])
    Post.objects.filter(pk=post.pk).update(title="Another")
    is_going, has_locked = threading.Event(), threading.Event()

    def act(number: int) -> str:
        with connection.execute_wrapper(note if number else wait):
            if number:
                is_going.wait(10)
                search.index([post.pk])
            else:
                deleted(post)
        return "done"

    def wait(execute, sql, params, many, context):
        """Let the job go once the entry is gone, until it holds the post or waits for it."""
        found = execute(sql, params, many, context)
        if sql.startswith('DELETE FROM "posts_searchentry"'):
            is_going.set()
            while not has_locked.is_set() and not is_somebody_waiting():
                pass
        return found

    def note(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if "FOR NO KEY UPDATE" in sql:
            has_locked.set()
        return found

    assert together(2, act) == ["done", "done"]
    assert not Post.objects.exists()
    assert not SearchEntry.objects.exists()


def is_somebody_waiting() -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_post_without_an_entry_is_indexed_by_the_clock():
    make_post(title="Brundlewick")
    assert search.catch_up(timezone.now()) == 1
    assert counted("=brundlewick") == 1
    assert search.catch_up(timezone.now()) == 0


@pytest.mark.django_db
def test_the_words_of_a_scheduled_post_are_counted_once_its_time_has_come():
    now = timezone.now()
    post = make_post(title="Brundlewick", published_at=now + timedelta(seconds=0.01))
    search.index([post.pk])
    Post.objects.filter(pk=post.pk).update(published_at=now)
    search.catch_up(timezone.now())
    assert counted("=brundlewick") == 1


@pytest.mark.django_db
def test_indexing_again_writes_nothing():
    post = make_post()
    search.index([post.pk])
    before = set(SearchTerm.objects.extra(select={"at": "ctid::text"}).values_list("term", "at"))
    search.index([post.pk])
    after = set(SearchTerm.objects.extra(select={"at": "ctid::text"}).values_list("term", "at"))
    assert before == after


@pytest.mark.django_db
def test_a_renamed_author_is_found_by_the_new_name(client, admin_client):
    post = make_post()
    search.index([post.pk])
    author = post.author
    data = {"name": "Zephaniah Brundlewick", "slug": author.slug, "role": "", "bio": ""}
    admin_client.post(f"/admin/posts/author/{author.pk}/change/", data)
    assert client.get("/search/", {"q": "zephaniah"}).context["total"] == 1


@pytest.mark.django_db
def test_no_look_into_the_index_reads_a_list_of_late_comers():
    posts = [make_post(title=f"Brundlewick {number}") for number in range(3)]
    search.index([post.pk for post in posts])
    assert late_comers() == 0


def late_comers() -> int:
    """Return how many pages of new words the index has not sorted in; that is said on taking."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('posts_searchentry_terms')")
        (pages,) = cursor.fetchone()
    return int(pages)


@pytest.mark.django_db
def test_a_word_that_arrays_read_otherwise_is_spelled_right():
    search.index([make_post(title="Null hypotheses").pk])
    assert "null" in SearchTerm.objects.get(term="=null").nearby
