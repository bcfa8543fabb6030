"""Long threads: fifty on the post's page, the rest on pages of their own, each at its address."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from lxml import html

from comments.models import Comment
from posts.models import Post, Redirect
from tests.comments.factories import make_comment, published
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db
START = timezone.now() - timedelta(days=9)


def fill(post: Post, number: int, **values: Any) -> list[Comment]:
    """Return so many public comments, a minute apart."""
    rows = [
        Comment(**{"post": post, "name": f"N{place}", "body": "Words", "body_html": "<p>Words</p>",
                   "state": "published", "created_at": START + timedelta(minutes=place)} | values)
        for place in range(number)
    ]  # fmt: skip
    return Comment.objects.bulk_create(rows)


def shown(client, path: str) -> list[str]:
    page = html.fromstring(client.get(path).content)
    return [item.get("id").removeprefix("comment-")
            for item in page.find_class("comment") if item.get("id")]  # fmt: skip


def ids(comments: list[Comment]) -> list[str]:
    return [comment.public_id for comment in comments]


def test_the_first_fifty_threads_are_on_the_post_and_the_others_a_page_on(client):
    post = make_post()
    threads = fill(post, 120)
    assert shown(client, f"/{post.slug}/") == ids(threads[:50])
    assert shown(client, f"/{post.slug}/comments/page/2/") == ids(threads[50:100])
    assert shown(client, f"/{post.slug}/comments/page/3/") == ids(threads[100:])
    assert "120 comments" in client.get(f"/{post.slug}/").content.decode()


def test_every_page_leads_on_and_back(client):
    post = make_post()
    fill(post, 101)
    base = f"/{post.slug}/comments/page/"
    assert f'href="{base}2/"' in client.get(f"/{post.slug}/").content.decode()
    second, third = (client.get(f"{base}{n}/").content.decode() for n in (2, 3))
    assert f'href="/{post.slug}/#comments" rel="prev"' in second
    assert f'href="{base}3/" rel="next"' in second
    assert "Page 3 of 3" in third
    assert 'rel="next"' not in third


def test_a_page_of_comments_is_its_own_canonical_address_and_not_for_search_engines(client):
    post = make_post()
    fill(post, 60)
    path = f"/{post.slug}/comments/page/2/"
    response = client.get(path)
    assert response["X-Robots-Tag"] == "noindex"
    assert f'rel="canonical" href="http://testserver.test{path}"' in response.content.decode()
    assert client.get(f"/{post.slug}/comments/page/1/")["Location"] == f"/{post.slug}/#comments"


@pytest.mark.parametrize("number", ["3", "0", "02", "999999", "9999999"])
def test_a_page_that_is_not_there_is_not_found(client, number):
    post = make_post()
    fill(post, 51)
    assert client.get(f"/{post.slug}/comments/page/{number}/").status_code == 404


def test_of_many_answers_the_first_five_are_shown_and_the_thread_has_them_all(client):
    root = published(created_at=START)
    answers = fill(root.post, 8, parent=root, depth=1)
    thread = f"/{root.post.slug}/comments/{root.public_id}/thread/"
    assert shown(client, f"/{root.post.slug}/") == [root.public_id, *ids(answers[:5])]
    assert (
        f'<a href="{thread}">More answers to' in client.get(f"/{root.post.slug}/").content.decode()
    )
    assert shown(client, thread) == [root.public_id, *ids(answers)]


def test_a_long_thread_has_pages_and_permalinks_find_theirs(client, monkeypatch):
    monkeypatch.setattr("comments.threads.PER_PART", 3)
    root = published(created_at=START)
    answer, *_ = fill(root.post, 8, parent=root, depth=1)
    last = published(parent=answer, created_at=START + timedelta(days=2))
    thread = f"/{root.post.slug}/comments/{root.public_id}/thread/"
    said = ids(list(Comment.objects.filter(depth=1).order_by("created_at")))
    assert shown(client, thread) == [root.public_id, said[0], last.public_id]
    assert shown(client, f"{thread}page/2/") == [root.public_id, *said[1:4]]
    assert shown(client, f"{thread}page/4/") == [root.public_id, said[7]]
    assert client.get(f"{thread}page/5/").status_code == 404
    permalink = Comment.objects.get(public_id=said[7]).get_absolute_url()
    assert client.get(permalink)["Location"] == f"{thread}page/4/#comment-{said[7]}"


def test_a_permalink_leads_to_the_post_while_its_page_shows_the_comment(client):
    comment = published()
    answer = client.get(comment.get_absolute_url())
    assert answer.status_code == 302
    assert answer["Location"] == f"/{comment.post.slug}/#comment-{comment.public_id}"


def test_a_permalink_leads_to_the_thread_when_the_post_does_not_show_it(client):
    post = make_post()
    last = fill(post, 51)[-1]
    reply = published(parent=published(parent=last))
    for comment in (last, reply):
        expected = f"/{post.slug}/comments/{last.public_id}/thread/#comment-{comment.public_id}"
        assert client.get(comment.get_absolute_url())["Location"] == expected
    assert reply.public_id in shown(client, f"/{post.slug}/comments/{last.public_id}/thread/")
    moved = client.get(f"/{post.slug}/comments/{reply.public_id}/thread/")
    assert moved["Location"].endswith(f"/{last.public_id}/thread/#comment-{reply.public_id}")


@pytest.mark.parametrize("state", ["held", "spam", "hidden", "removed"])
def test_what_is_not_public_has_no_address(client, state):
    comment = make_comment(state=state)
    assert client.get(comment.get_absolute_url()).status_code == 404
    assert client.get(f"{comment.get_absolute_url()}thread/").status_code == 404


def test_a_comment_on_a_draft_or_at_another_post_has_no_address(client):
    comment = published(post=make_post(status=Post.Status.DRAFT))
    assert client.get(comment.get_absolute_url()).status_code == 404
    comment = published()
    assert client.get(f"/{make_post().slug}/comments/{comment.public_id}/").status_code == 404


def test_an_address_moves_with_its_post(client):
    comment = published()
    post = comment.post
    Redirect.objects.create(path="/old-name/", post=post)
    for tail in (f"comments/{comment.public_id}/", "comments/page/2/"):
        assert client.get(f"/old-name/{tail}")["Location"] == f"/{post.slug}/{tail}"


def test_a_tombstone_keeps_its_thread_and_says_nothing(client):
    root = published(name="Nobody", body="unseen words")
    reply = published(parent=published(parent=root))
    Comment.objects.filter(pk__in=[root.pk, reply.parent_id]).remove(by=make_staff())
    for path in (f"/{root.post.slug}/", f"{root.get_absolute_url()}thread/"):
        page = client.get(path).content.decode()
        assert page.count("This comment is no longer here.") == 2
        assert "Nobody" not in page
        assert reply.public_id in page


def test_an_answered_comment_that_its_writer_changed_keeps_its_thread(client):
    root = published()
    reply = published(parent=root)
    Comment.objects.filter(pk=root.pk).update(state="held", decided_at=None, edited_at=START)
    assert shown(client, f"/{root.post.slug}/") == [root.public_id, reply.public_id]


def test_spam_that_nobody_looked_at_is_no_tombstone_and_takes_no_place(client):
    post = make_post()
    fill(post, 60, state="spam", created_at=START - timedelta(days=1))
    threads = fill(post, 3)
    assert shown(client, f"/{post.slug}/") == ids(threads)


@pytest.mark.parametrize("number", [1, 120])
def test_each_page_costs_the_same_queries_at_any_length(
    client, number, django_assert_max_num_queries
):
    post = make_post()
    last = fill(post, 50 + number)[-1]
    for path in (f"/{post.slug}/comments/page/2/", f"{last.get_absolute_url()}thread/"):
        with django_assert_max_num_queries(4):
            assert client.get(path).status_code == 200


def test_lists_say_how_many_comments_a_post_has_in_one_query(client, django_assert_num_queries):
    few, many = make_post(), make_post()
    published(post=few)
    published(post=many), published(post=many), make_comment(post=many)
    with django_assert_num_queries(4):
        page = client.get("/").content.decode()
    assert page.count("· 1 comment<") == page.count("· 2 comments<") == 1
