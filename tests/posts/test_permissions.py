"""Who may do what with which post: every role, every door, every kind of post, by what came of it.

A new address of the admin is a new row of DOORS, and a word in ALLOWED for whom it is open.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from posts import revisions
from posts.models import CoAuthor, Post
from tests.factories import make_author, make_member, make_owner, make_post, make_tag
from tests.posts.test_admin import form_data

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
Door = Callable[[Client, Post], bool]


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:posts_post_{name}", args=args)


def save(client: Client, post: Post, **extra: Any) -> Post | None:
    """Send the whole form with more, and return what the row is now."""
    tags = list(post.tags.values_list("pk", flat=True))
    values = {"slug": post.slug, "title": post.title, "tags": tags} | extra
    client.post(url("change", post.pk), form_data(post, **values))
    return Post.objects.filter(pk=post.pk).first()


def became(status: str, before: Post, after: Post | None) -> bool:
    return after is not None and after.status == status != before.status


def in_bulk(client: Client, post: Post, action: str) -> Post | None:
    data = {"action": action, "_selected_action": [post.pk], "post": "yes",
            "_confirmed": "1"}  # fmt: skip
    client.post(url("changelist"), data)
    return Post.objects.filter(pk=post.pk).first()


def opens(client: Client, address: str, words: str) -> bool:
    answer = client.get(address)
    return answer.status_code == 200 and words in answer.content.decode()


def make_revision(post: Post) -> int:
    revisions.record([post.pk], by=None, now=timezone.now())
    return post.revision_notes.get().revision_id


def is_deleted(client: Client, post: Post) -> bool:
    client.post(url("delete", post.pk), {"post": "yes"})
    return not Post.objects.filter(pk=post.pk).exists()


DOORS: dict[str, Door] = {
    "list": lambda client, post: opens(client, url("changelist"), post.title),
    "search": lambda client, post: opens(client, url("changelist") + "?q=Secret", post.title),
    "view": lambda client, post: opens(client, url("change", post.pk), post.title),
    "history": lambda client, post: opens(client, url("history", post.pk), post.title),
    "link picker": lambda client, post: opens(client, url("links") + "?q=Secret", post.title),
    "noon line": lambda client, post: opens(
        client, reverse("admin:noon_line") + f"?post={post.pk}", "line"
    ),
    "tag suggestions": lambda client, post: client.post(
        url("suggestions"), {"post": post.pk}
    ).status_code == 200,
    "preview": lambda client, post: client.post(
        url("preview", post.pk), form_data(post)
    ).status_code == 200,
    "preview link": lambda client, post: client.post(
        url("preview_links", post.pk)
    ).status_code == 200,
    "compare": lambda client, post: opens(
        client, url("compare", post.pk) + f"?new={make_revision(post)}", post.title
    ),
    "restore": lambda client, post: opens(
        client, url("restore", post.pk, make_revision(post)), post.title
    ),
    "change": lambda client, post: getattr(save(client, post, title="New"), "title", "") == "New",
    "submit": lambda client, post: became("review", post, save(client, post, _submit="1")),
    "return": lambda client, post: became("draft", post, save(client, post, _return="1")),
    "publish": lambda client, post: became("published", post, save(client, post, _publish="1")),
    "withdraw": lambda client, post: became(
        "withdrawn", post, save(client, post, _withdraw="1", _confirmed="1")
    ),
    "delete": is_deleted,
    "bulk submit": lambda client, post: became("review", post, in_bulk(client, post, "submit")),
    "bulk publish": lambda client, post: became(
        "published", post, in_bulk(client, post, "publish")
    ),
    "bulk withdraw": lambda client, post: became(
        "withdrawn", post, in_bulk(client, post, "withdraw")
    ),
    "bulk delete": lambda client, post: in_bulk(client, post, "delete_selected") is None,
    "status by hand": lambda client, post: any(
        became(status, post, save(client, post, status=status)) for status in Post.Status.values
    ),
    "time by hand": lambda client, post: (
        getattr(save(client, post, published_at_0="01/02/2013", published_at_1="09:30"),
                "published_at", post.published_at) != post.published_at
    ),
    "embargo": lambda client, post: (
        getattr(save(client, post, not_before_0="01/02/2013", not_before_1="09:30"),
                "not_before", None) is not None
    ),
    "mailing": lambda client, post: not getattr(
        save(client, post, is_mailed=""), "is_mailed", True
    ),
}  # fmt: skip

READ = {"list", "search", "view", "noon line", "link picker"}
WRITE = READ | {
    "tag suggestions",
    "history",
    "compare",
    "restore",
    "preview",
    "preview link",
    "change",
    "delete",
}
EDIT = WRITE | {"bulk delete", "time by hand", "embargo", "mailing"}
ALLOWED: dict[tuple[str, str], set[str]] = {
    ("Author", "own draft"): WRITE | {"submit", "bulk submit"},
    ("Author", "own in review"): WRITE | {"return"},
    ("Author", "own published"): READ,
    ("Author", "another's draft"): set(),
    ("Author", "another's published"): {"link picker"},  # Anybody may link to what is public.
    ("Editor", "another's draft"): EDIT | {"submit", "bulk submit", "publish", "bulk publish"},
    ("Editor", "another's in review"): EDIT | {"return", "publish", "bulk publish"},
    ("Editor", "another's published"): EDIT | {"withdraw", "bulk withdraw"},
    ("Editor", "another's withdrawn"): EDIT - {"link picker"} | {"publish"},
    ("Moderator", "another's draft"): set(),
    ("Moderator", "another's published"): set(),
    ("plain staff", "another's draft"): set(),
    ("plain staff", "another's published"): set(),
    ("anonymous", "another's draft"): set(),
    ("anonymous", "another's published"): set(),
}
STATES = {"draft": "draft", "in review": "review"}


def make_person(role: str) -> User | None:
    if role == "anonymous":
        return None
    if role == "plain staff":
        return User.objects.create_user("plain", is_staff=True)
    return make_member(role)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("role", "kind"), ALLOWED)
def test_each_role_does_with_each_post_what_it_may_and_nothing_else(client, role, kind, door):
    person = make_person(role)
    whose, _, state = kind.partition(" ")
    author = make_author(user=person if whose == "own" else None)
    post = make_post(title="Secret words", author=author, tags=(make_tag(),),
                     status=STATES.get(state, state))  # fmt: skip
    if person:
        client.force_login(person)
    assert DOORS[door](client, post) is (door in ALLOWED[role, kind])


@pytest.mark.parametrize("tie", ["made it", "byline", "one of the bylines", "none"])
def test_a_draft_is_its_makers_and_its_authors_own(tie):
    person, post = make_member("Author"), make_post(status="draft")
    if tie == "made it":
        Post.objects.update(created_by=person)
    elif tie != "none":
        author = make_author(user=person)
        Post.objects.update(author=author) if tie == "byline" else CoAuthor.objects.create(
            post=post, author=author
        )
    post.refresh_from_db()
    assert post.is_open_to(person) is (tie != "none")
    assert Post.objects.open_to(person).exists() is (tie != "none")


def test_a_new_draft_belongs_to_who_made_it_whatever_byline_it_bears(client):
    person = make_member("Author")
    client.force_login(person)
    client.post(url("add"), form_data(_publish="1", status="published"))
    post = Post.objects.get()
    assert post.created_by == person
    assert post.status == Post.Status.DRAFT


def test_an_author_finds_no_other_posts_through_the_pickers(client):
    make_post(title="Secret words", status="draft")
    client.force_login(make_member("Author"))
    query = {"app_label": "posts", "model_name": "relatedchoice", "field_name": "related"}
    assert client.get("/admin/autocomplete/", query).json()["results"] == []


def test_an_author_does_not_lift_an_embargo_nor_mail_what_is_held_back(client):
    until = timezone.now() + timedelta(days=3)
    post = make_post(status="draft", published_at=None, not_before=until, is_mailed=False)
    client.force_login(make_owner(post))
    after = save(client, post, title="New", not_before_0="", not_before_1="", is_mailed="on")
    assert after is not None
    assert (after.title, after.not_before, after.is_mailed) == ("New", until, False)


@pytest.mark.parametrize(
    ("group", "name", "may"),
    [
        ("Author", "image", True),
        ("Author", "tag", False),
        ("Author", "gaterule", False),
        ("Editor", "image", True),
        ("Editor", "tag", True),
        ("Editor", "series", True),
        ("Editor", "author", True),
        ("Editor", "gaterule", True),
        ("Moderator", "image", False),
        ("Moderator", "tag", False),
    ],
)
def test_what_belongs_to_posts_is_made_by_whom_it_concerns(client, group, name, may):
    client.force_login(make_member(group))
    answer = client.get(reverse(f"admin:posts_{name}_add"))
    assert answer.status_code == (200 if may else 403)
