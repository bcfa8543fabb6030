"""Comments of an export: states, threads, and addresses that no page can reach."""

import pytest

from comments.contacts import CommentContact
from comments.models import Comment
from pbrsite.wordpress import threads
from posts.models import ImportedItem, Post
from tests.pbrsite.wordpress.exports import author, comment, item


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"approved": 1}, "published"),
        ({"approved": 0}, "held"),
        ({"approved": "spam"}, "spam"),
        ({"approved": "trash"}, None),
        ({"approved": "post-trashed"}, None),
        ({"approved": "who knows"}, None),
        ({"type": "pingback"}, None),
        ({"type": "trackback"}, None),
        ({"content": "  "}, None),
        ({"id": 0}, None),
    ],
)
def test_a_comment_keeps_its_state_or_is_left_out_with_a_reason(imported, values, state):
    report = imported(item(comments=[comment(5, **values)]))
    assert list(Comment.objects.values_list("state", flat=True)) == ([state] if state else [])
    assert report["counts"]["comment"]["skipped"] == (0 if state else 1)


def test_the_thread_shows_on_the_page_in_its_order_and_no_address(imported, client):
    imported(item(post_name="talk", comments=[
        comment(9, content="Answer", parent=5, author="Kim", date_gmt="2014-05-08 09:00:00"),
        comment(5, content="See <a href='https://x.test/'>this</a>"),
        comment(6, content="Held words", approved=0),
    ]))  # fmt: skip
    page = client.get("/talk/").content.decode()
    assert page.index("See") < page.index("Answer")
    assert "https://x.test/" in page
    assert "Held words" not in page
    assert "sam@example.org" not in page
    assert Comment.objects.get(name="Kim", parent__body__startswith="See").depth == 1


def test_deep_answers_join_the_third_level_and_loops_are_none(imported):
    imported(item(comments=[
        comment(1), comment(2, parent=1), comment(3, parent=2), comment(4, parent=3),
        comment(5, parent=6), comment(6, parent=5), comment(7, parent=7), comment(8, parent=99),
    ]))  # fmt: skip
    depths = {
        int(key.partition("@")[0]): Comment.objects.get(pk=pk).depth
        for key, pk in ImportedItem.objects.filter(kind="comment").values_list("key", "row_pk")
    }
    assert [depths[number] for number in (1, 2, 3, 4)] == [0, 1, 2, 2]
    assert sorted([depths[5], depths[6]]) == [0, 1]
    assert depths[7] == depths[8] == 0


def test_what_answered_a_comment_left_out_answers_the_one_above(imported):
    imported(item(comments=[
        comment(1), comment(2, parent=1, approved="trash"), comment(3, parent=2),
    ]))  # fmt: skip
    assert Comment.objects.filter(depth=1, parent__depth=0).count() == 1


def test_an_answer_that_comes_with_a_later_export_joins_its_thread(imported):
    imported(item(comments=[comment(1)], post_id=3, post_name="talk"))
    longer = [comment(1), comment(2, parent=1)]
    report = imported(item(comments=longer, post_id=3, post_name="talk"))
    assert report["counts"]["comment"] == {"created": 1, "updated": 0, "unchanged": 1, "skipped": 0}
    assert Comment.objects.get(depth=1).parent == Comment.objects.get(depth=0)


def test_a_comment_removed_here_does_not_come_back(imported):
    pieces = item(post_id=3, post_name="talk", comments=[comment(1)])
    imported(pieces)
    Comment.objects.all().erase()
    Comment.objects.all().delete()
    imported(pieces)
    assert not Comment.objects.exists()


def test_addresses_are_kept_apart_and_only_where_they_are_some(imported):
    imported(item(comments=[
        comment(1, author_email="Sam@Example.ORG"), comment(2, author_email="none"),
        comment(3, author_email=""),
    ]))  # fmt: skip
    assert list(CommentContact.objects.values_list("email", "network")) == [("sam@example.org", "")]
    assert "192.0.2" not in str(list(Comment.objects.values()))


def test_the_blogs_own_writers_answer_as_staff_without_an_address(imported):
    imported(author("jo", "Jo", author_id=4), item(comments=[comment(1, user_id=4), comment(2)]))
    assert Comment.objects.get(is_staff=True).user is None
    assert CommentContact.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [("", "Anonymous"), ("jane@example.org", "jane"), ("Sam &amp; Co", "Sam & Co")],
    ids=["none", "an address", "markup"],
)
def test_a_commenters_name_is_fit_to_be_shown(imported, name, shown):
    report = imported(item(comments=[comment(1, author=name)]))
    assert Comment.objects.get().name == shown
    assert threads.NO_NAME in str(report["notes"]) or name


def test_nobody_can_add_to_an_imported_discussion(imported, client):
    imported(item(post_name="talk", comments=[comment(1)]))
    assert not Post.objects.get().is_open_to_comments
    assert 'id="comment-form"' not in client.get("/talk/").content.decode()


def test_comments_of_a_draft_come_along(imported):
    imported(item(status="draft", comments=[comment(1)]))
    assert Comment.objects.get().post.status == "draft"
