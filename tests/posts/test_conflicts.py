"""Two editors, one post: nothing is saved over, and nothing typed is lost."""

from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils import timezone

from posts import merging, retagging, undoing
from posts.models import CoAuthor, GateRule, Post, Tag, WorkingCopy
from tests.factories import make_author, make_post, make_staff, make_tag
from tests.posts.test_drafts import change_url, send, typed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def ann(client) -> User:
    GateRule.objects.create(rule="tag", level="off")  # The posts here need no tag.
    user = make_staff(first_name="Ann", last_name="Writer")
    client.force_login(user)
    return user


def save_as_ben(post: Post, **changes) -> Post:
    """Save the post as somebody else does, with its line in the log."""
    ben = User.objects.filter(username="ben").first() or make_staff(
        username="ben", first_name="Ben", last_name="Okafor"
    )
    for name, value in changes.items():
        setattr(post, name, value)
    post.save()
    LogEntry.objects.create(
        user=ben, content_type=ContentType.objects.get_for_model(Post), object_id=str(post.pk),
        object_repr=str(post), action_flag=CHANGE,
    )  # fmt: skip
    return post


def test_typing_hears_that_somebody_saved_meanwhile(client, ann):
    post = make_post()
    based_on = post.saved_at.isoformat()
    save_as_ben(post, title="Ben's")
    answer = send(client, post, based_on=based_on).json()
    assert answer["conflict"].startswith("Ben Okafor saved this post at ")


def test_saving_over_somebody_else_changes_nothing_and_shows_both(client, ann):
    post = make_post(title="Old title", excerpt="Old excerpt.")
    data = typed(post, title="Ann's title", touched="title")
    save_as_ben(post, title="Ben's title", excerpt="Ben's excerpt.")
    page = client.post(change_url(post), data, follow=True).content.decode()
    assert Post.objects.get().title == "Ben's title"
    assert "Ben Okafor saved this post at " in page
    assert 'value="Ann&#x27;s title"' in page
    assert "<del>Ben" in page
    assert "<ins>Ann" in page
    assert 'name="_side-excerpt" value="theirs" checked' in page
    assert 'name="_side-title" value="mine" checked' in page
    assert "_side-slug" not in page


def test_between_two_versions_nothing_offers_plain_saving(client, ann):
    post, _ = conflicting(client)
    page = client.get(change_url(post)).content.decode()
    assert all(f'name="{name}"' in page for name in ("_merge", "_over"))
    assert not any(f'name="{name}"' in page for name in ("_save", "_continue", "_later"))
    assert 'name="_withdraw"' not in page


def conflicting(client) -> tuple[Post, dict[str, Any]]:
    """Return a post both changed, and what Ann's form sends after she was told."""
    post = make_post(title="Old title", excerpt="Old excerpt.", tags=(make_tag(name="Old tag"),))
    data = typed(post, title="Ann's title", excerpt="Ann's excerpt.", tags=[])
    save_as_ben(post, title="Ben's title", excerpt="Ben's excerpt.")
    client.post(change_url(post), data)
    return post, data


def test_mine_goes_over_theirs_once_it_was_seen(client, ann):
    post, data = conflicting(client)
    client.post(change_url(post), data | {"_over": post.saved_at.isoformat()})
    saved = Post.objects.get()
    assert (saved.title, saved.excerpt) == ("Ann's title", "Ann's excerpt.")
    assert not WorkingCopy.objects.exists()


def test_each_field_is_taken_from_the_side_chosen(client, ann):
    post, data = conflicting(client)
    chosen = {"_side-title": "theirs", "_side-excerpt": "mine", "_side-tags": "theirs"}
    client.post(change_url(post), data | chosen | {"_merge": post.saved_at.isoformat()})
    saved = Post.objects.get()
    assert (saved.title, saved.excerpt) == ("Ben's title", "Ann's excerpt.")
    assert [tag.name for tag in saved.tags.all()] == ["Old tag"]


def test_theirs_is_taken_and_mine_stays_as_a_working_copy(client, ann):
    _, data = conflicting(client)
    copy = WorkingCopy.objects.get()
    url = reverse("admin:posts_post_workingcopy", args=[copy.pk, "set-aside"])
    page = client.post(url, data | {"title": "Ann's latest"}, follow=True).content.decode()
    assert 'value="Ben&#x27;s title"' in page
    assert "A text of yours from" in page
    assert WorkingCopy.objects.get().title == "Ann's latest"


def test_a_third_saving_between_seeing_and_deciding_is_not_lost(client, ann):
    post, data = conflicting(client)
    seen = post.saved_at.isoformat()
    save_as_ben(post, title="Ben's second title")
    client.post(change_url(post), data | {"_over": seen})
    assert Post.objects.get().title == "Ben's second title"


def test_an_author_taken_away_by_somebody_else_does_not_stop_the_saving(client, ann):
    post, second = make_post(), make_author(name="Second Author")
    row = CoAuthor.objects.create(post=post, author=second)
    rows = {
        "co_authorships-TOTAL_FORMS": 1, "co_authorships-INITIAL_FORMS": 1,
        "co_authorships-0-id": row.pk, "co_authorships-0-post": post.pk,
        "co_authorships-0-author": second.pk, "co_authorships-0-position": 3,
    }  # fmt: skip
    data = typed(post, title="Ann's title", **rows)
    row.delete()
    save_as_ben(post)
    page = client.post(change_url(post), data, follow=True).content.decode()
    assert "Second Author" in page
    client.post(change_url(post), data | {"_over": post.saved_at.isoformat()})
    assert post.co_authorships.get().position == 3


def test_ones_own_other_window_is_named_as_such(client, ann):
    post = make_post()
    based_on = post.saved_at.isoformat()
    client.post(change_url(post), typed(post, form_key="form-z", title="From the other window"))
    post.refresh_from_db()
    answer = send(client, post, based_on=based_on).json()
    assert answer["conflict"].startswith("You saved this post at ")


def test_a_form_without_its_marks_is_saved_as_ever(client, ann):
    post = make_post()
    data = typed(post, title="By a script")
    del data["based_on"], data["form_key"]
    client.post(change_url(post), data)
    assert Post.objects.get().title == "By a script"


def tagged_in_bulk(old: Tag, new: Tag) -> None:
    posts, now = Post.objects.all(), timezone.now()
    retagging.retag(posts, "add_tags", [new], by=None, now=now)
    retagging.retag(posts, "remove_tags", [old], by=None, now=now)


def merged_into(old: Tag, new: Tag) -> None:
    merging.merge(new, [old], by=None, at=timezone.now())


@pytest.mark.parametrize("change", [tagged_in_bulk, merged_into])
def test_tags_changed_for_many_posts_are_not_undone_by_an_open_form(client, ann, change):
    old, new = make_tag(name="Old tag"), make_tag(name="New tag")
    post, untouched = make_post(tags=(old,)), make_post(tags=(new,))
    data = typed(post, title="Ann's title", tags=[old.pk], touched="title")
    change(old, new)
    page = client.post(change_url(post), data, follow=True).content.decode()
    assert "saved this post at" in page
    assert 'value="Ann&#x27;s title"' in page
    assert untouched.saved_at == Post.objects.get(pk=untouched.pk).saved_at
    seen = Post.objects.get(pk=post.pk).saved_at.isoformat()
    client.post(change_url(post), data | {"_side-tags": "theirs", "_merge": seen})
    post.refresh_from_db()
    assert (post.title, [tag.name for tag in post.tags.all()]) == ("Ann's title", ["New tag"])


def test_an_open_form_notices_that_a_merge_was_undone(client, ann):
    old, new = make_tag(name="Old tag"), make_tag(name="New tag")
    post = make_post(tags=(old,))
    change = merging.merge(new, [old], by=None, at=timezone.now())
    post.refresh_from_db()
    data = typed(post, tags=[new.pk])
    undoing.undo(change, by=None, at=timezone.now())
    client.post(change_url(post), data)
    assert list(post.tags.all()) == [old]
