"""The pages of a post's history: what they show, to whom, at what cost."""

import pytest
import time_machine
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from posts import revisions
from posts.models import GateRule, Post
from tests.factories import make_owner, make_post, make_staff, make_tag
from tests.posts.test_revisions import save

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def editor(client) -> User:
    GateRule.objects.create(rule="tag", level="off")  # The posts here need no tag.
    user = make_staff()
    client.force_login(user)
    return user


def test_the_comparison_is_in_words_under_the_forms_labels(client, editor):
    post = make_post(title="Paid by results", body="<p>Same.</p>")
    save(client, post, title="Paid for results", tags=[make_tag(name="Pilots").pk])
    last = post.revision_notes.latest("revision_id")
    path = reverse("admin:posts_post_compare", args=[post.pk])
    page = client.get(path, {"new": last.revision_id}).content.decode()
    assert "Paid <del>by</del> results" in page
    assert "<ins>Pilots</ins>" in page
    assert "<h3>Title</h3>" in page
    assert "<h3>Body</h3>" not in page


def test_the_history_marks_what_was_public_and_says_the_zone(client, editor):
    post = make_post(status="draft", published_at=None)
    save(client, post, _publish="1")
    page = client.get(reverse("admin:posts_post_history", args=[post.pk])).content.decode()
    assert page.count('<span class="chip chip--good">public</span>') == 1
    assert "Europe/London" in page
    assert editor.username in page


def test_the_history_names_people_and_tells_the_same_minute_apart(client, editor):
    User.objects.filter(pk=editor.pk).update(first_name="Ben", last_name="Okafor")
    post = make_post()
    for title, at in (("One", "14:01:30"), ("Two", "14:02:07"), ("Three", "14:02:41")):
        with time_machine.travel(f"2026-03-04T{at}+00:00", tick=False):
            client.force_login(editor)
            save(client, post, title=title)
    client.force_login(editor)
    page = client.get(reverse("admin:posts_post_history", args=[post.pk])).content.decode()
    assert "<td>Ben Okafor</td>" in page
    assert ">Wednesday 4 March 2026, 14:02:41 GMT</time>" in page
    assert ">Wednesday 4 March 2026, 14:02:07 GMT</time>" in page
    assert post.revision_notes.latest("revision_id").heading.endswith("by Ben Okafor")


def paths_of(post: Post, revision_id: int) -> list[str]:
    return [
        reverse("admin:posts_post_history", args=[post.pk]),
        reverse("admin:posts_post_compare", args=[post.pk]) + f"?new={revision_id}",
        reverse("admin:posts_post_restore", args=[post.pk, revision_id]),
    ]


@pytest.mark.parametrize("page", [0, 1, 2])
def test_who_may_not_change_a_post_sees_and_restores_none_of_it(client, page):
    post = make_post(title="Now")
    revisions.record([post.pk], by=None, now=timezone.now())
    path = paths_of(post, post.revision_notes.get().revision_id)[page]
    client.force_login(make_owner(post))  # The post is public: it belongs to who may publish.
    assert client.get(path).status_code == 403
    assert client.post(path).status_code == 403


@pytest.mark.parametrize("page", [1, 2])
@pytest.mark.parametrize("number", ["foreign", "0", "99999999999999999999"])
def test_a_missing_revision_or_one_of_another_post_is_a_404(client, editor, page, number):
    post, other = make_post(), make_post()
    revisions.record([other.pk], by=None, now=timezone.now())
    if number == "foreign":
        number = str(other.revision_notes.get().revision_id)
    path = (
        paths_of(post, 7)[page].replace("7", number)
        if page == 1
        else (reverse("admin:posts_post_history", args=[post.pk]) + f"{number}/restore/")
    )
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("number", ["", "x", "٣", "-1"])
def test_nonsense_instead_of_a_revision_is_a_404(client, editor, number):
    path = reverse("admin:posts_post_compare", args=[make_post().pk])
    assert client.get(path, {"new": number}).status_code == 404


def make_history(post: Post, length: int) -> None:
    for number in range(length):
        Post.objects.filter(pk=post.pk).update(title=f"Title {number} of {length}")
        revisions.record([post.pk], by=None, now=timezone.now())


def test_the_history_costs_the_same_with_10_and_100_revisions(
    client, editor, django_assert_num_queries
):
    post = make_post()
    path = reverse("admin:posts_post_history", args=[post.pk])
    make_history(post, 10)
    with django_assert_num_queries(6):
        client.get(path)
    make_history(post, 90)
    with django_assert_num_queries(6):
        client.get(path)
