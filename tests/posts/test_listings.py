"""The rows Postgres keeps of every list: true whoever changes what, in whatever order."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from posts.models import Author, ListEntry, ListTally, Post, Tag, TaggedPost
from posts.postlists import PostList
from tests.factories import make_author, make_post, make_tag


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["draft", "review", "withdrawn"])
def test_what_is_not_released_stands_in_no_list(status):
    make_post(status=status, tags=(make_tag(),))
    assert not ListEntry.objects.exists()
    assert not ListTally.objects.exists()


@pytest.mark.django_db
def test_topics_and_authors_are_counted_without_what_is_to_come():
    tag, author = make_tag(), make_author()
    make_post(tags=(tag,), author=author)
    soon = timezone.now() + timedelta(hours=1)
    make_post(tags=(tag, make_tag(slug="later")), author=make_author(), published_at=soon)
    assert [(found.pk, found.post_count) for found in Tag.objects.public()] == [(tag.pk, 1)]
    assert list(Author.objects.public()) == [author]


@pytest.mark.django_db
def test_saving_the_text_of_a_public_post_writes_no_list():
    post = make_post(tags=(make_tag(),))
    rows = set(ListTally.objects.values_list("pk", flat=True))
    post.title = "Another"
    post.save()
    assert set(ListTally.objects.values_list("pk", flat=True)) == rows


@pytest.mark.django_db(transaction=True)
def test_nobody_who_publishes_waits_for_another():
    author, now = make_author(), timezone.now()
    with transaction.atomic():
        make_post(author=author)
        other = Thread(target=in_own_connection, args=(lambda: make_post(author=author),))
        other.start()
        other.join(timeout=10)
        assert not other.is_alive()
    assert PostList.of_author(author, now).count() == 2


@pytest.mark.django_db
def test_the_rows_of_a_count_stay_few():
    post = make_post()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")  # One change in sixteen, by chance, draws rows.
    for number in range(100):
        Post.objects.filter(pk=post.pk).update(status=("withdrawn", "published")[number % 2])
    assert PostList.of_all(timezone.now()).count() == 1
    assert ListTally.objects.filter(kind="all").count() < 80  # Never drawn there would be 202.


@pytest.mark.django_db
def test_many_posts_at_once_leave_one_row_for_each_count():
    author, at = make_author(), timezone.now()
    for batch in range(3):
        Post.objects.bulk_create(
            Post(title="T", slug=f"s-{batch}-{number}", author=author, status="published",
                 published_at=at)
            for number in range(30)
        )  # fmt: skip
    assert set(ListTally.objects.values_list("count", flat=True)) == {90}


@pytest.mark.django_db(transaction=True)
def test_a_post_filed_while_it_is_published_stands_in_the_list():
    post, tag = make_post(status="draft"), make_tag()
    filing = Thread(target=in_own_connection, args=(
        lambda: TaggedPost.objects.create(tag=tag, content_object=post),
    ))  # fmt: skip
    with transaction.atomic():
        Post.objects.filter(pk=post.pk).update(status="published")
        filing.start()
        filing.join(timeout=0.3)
        assert filing.is_alive()  # It waits, or neither would see the other's row.
    filing.join(timeout=10)
    assert list(PostList.of_tag(tag, timezone.now())) == [post]


def in_own_connection(act) -> None:
    try:
        act()
    finally:
        connection.close()
