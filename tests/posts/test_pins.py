"""The panel of related posts in a post's form: why, pins in their order, bans; done at once."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from posts import relatedness, search
from posts.models import Post, RelatedChoice, RelatedPost, WorkingCopy
from tests.factories import make_member, make_owner, make_post, make_tag
from tests.posts.test_admin import form_data

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def editor(client) -> User:
    user = make_member("Editor")
    client.force_login(user)
    return user


def press(client, post: Post, verb: str, other: Post | None = None, **data: Any) -> Any:
    url = reverse("admin:posts_post_relatives", args=[post.pk])
    return client.post(url, {"_relative": f"{verb}:{other.pk if other else ''}"} | data)


def form(client, post: Post, query: str = "") -> str:
    url = reverse("admin:posts_post_change", args=[post.pk])
    page: str = client.get(url + query).content.decode()
    return page


def beside(post: Post) -> list[str]:
    return [row.related.title for row in post.relatives.select_related("related")]


def test_the_panel_says_why_each_post_stands_beside_it(client, editor):
    tag = make_tag(name="Justice Data Lab")
    other, post = (make_post(tags=(tag,)) for _ in range(2))
    search.index([other.pk, post.pk])
    relatedness.relate(post.pk)
    page = form(client, post)
    assert post.relatives.get().explanation in page
    assert "Justice Data Lab" in page[page.index('id="relatives"') :]


def test_a_pin_is_done_at_once_and_shown_to_readers(client, editor):
    post, other = make_post(), make_post(title="Other post")
    page = press(client, post, "pin", other, _fragment="1").content.decode()
    assert "Pinned beside it: “Other post”" in page
    assert "<html" not in page
    assert beside(post) == ["Other post"]
    assert "Other post" in client.get(post.get_absolute_url()).content.decode()


def test_pins_are_moved_unpinned_and_keep_their_numbers(client, editor):
    post = make_post()
    others = [make_post(title=name) for name in "ABC"]
    for place, other in enumerate(others):
        RelatedChoice.objects.create(post=post, related=other, position=place * 5)
    for verb, which, expected in [
        ("up", 2, "ACB"), ("up", 0, "ACB"), ("down", 0, "CAB"), ("clear", 0, "CB"),
        ("pin", 0, "CBA"), ("pin", 0, "CBA"),
    ]:  # fmt: skip
        press(client, post, verb, others[which])
        assert "".join(beside(post))[: len(expected)] == expected
    pins = post.related_choices.values_list("position", flat=True)
    assert sorted(pins) == [1, 2, 3]


def test_a_ban_takes_away_and_is_taken_back(client, editor):
    tag = make_tag()
    other, post = (make_post(title=name, tags=(tag,)) for name in ("Near", "This"))
    relatedness.relate(post.pk)
    assert beside(post) == ["Near"]
    press(client, post, "ban", other)
    assert beside(post) == []
    page = form(client, post)
    assert "Never shown beside it" in page
    press(client, post, "clear", other)
    assert beside(post) == ["Near"]


@pytest.mark.parametrize("others", [0, 10])
def test_what_cannot_be_pinned_is_said_in_words(client, editor, others):
    post = make_post()
    for place in range(others):
        RelatedChoice.objects.create(post=post, related=make_post(), position=place)
    page = press(client, post, "pin", make_post() if others else post, _fragment="1")
    reason = "10 pinned posts are the most" if others else "does not stand beside itself"
    assert reason in page.content.decode()
    assert post.related_choices.count() == others


def test_each_choice_is_in_the_history_and_no_conflict_for_an_open_form(client, editor):
    post, other = make_post(), make_post(title="Other post")
    data = form_data(post, based_on=post.saved_at.isoformat(), title="Typed meanwhile")
    press(client, post, "pin", other)
    client.post(reverse("admin:posts_post_change", args=[post.pk]), data)
    post.refresh_from_db()
    assert post.title == "Typed meanwhile"
    assert post.related_choices.get().related == other
    page = client.get(reverse("admin:posts_post_history", args=[post.pk])).content.decode()
    assert "Pinned beside it: “Other post”" in page


def test_without_a_script_what_was_typed_is_kept(client, editor):
    post, other = make_post(), make_post()
    data = form_data(post, form_key="key-of-form", based_on=post.saved_at.isoformat())
    press(client, post, "pin", other, **(data | {"title": "Typed and not saved"}))
    assert WorkingCopy.objects.get().title == "Typed and not saved"
    assert "Typed and not saved" in form(client, post)
    assert Post.objects.get(pk=post.pk).title == post.title


def test_without_a_script_an_untouched_form_leaves_no_copy(client, editor):
    post, other = make_post(standfirst="One.\nTwo.", body="<p>Body.</p>\n"), make_post()
    unchanged = {name: getattr(post, name) for name in ("title", "slug", "standfirst", "body")}
    data = form_data(post, form_key="key", excerpt=post.excerpt, **unchanged)
    data["standfirst"] = "One.\r\nTwo."
    local = timezone.localtime(post.published_at)
    data |= {"published_at_0": f"{local:%d/%m/%Y}", "published_at_1": f"{local:%H:%M:%S}"}
    answer = press(client, post, "pin", other, **data)
    assert answer.url.endswith(f"/{post.pk}/change/#relatives")
    assert not WorkingCopy.objects.exists()


def test_any_post_is_found_by_words_of_its_title(client, editor):
    post, other = make_post(), make_post(title="Reconviction in Peterborough")
    answer = press(client, post, "find", _relative_words="peterborough RECON")
    assert "?relatives=peterborough+RECON#relatives" in answer.url
    assert f'value="pin:{other.pk}"' in form(client, post, "?relatives=peterborough+RECON")
    page = press(client, post, "find", _relative_words="nothing like it", _fragment="1")
    assert "No other post has all these words" in page.content.decode()


@pytest.mark.parametrize(
    "value", ["", "pin:", "pin:x", "pin:999999", "explode:1", "pin:" + "9" * 40]
)
def test_what_no_button_sends_changes_nothing(client, editor, value):
    post = make_post()
    answer = press(client, post, "pin", None, _relative=value, _relative_words="\x00" * 9_000)
    assert answer.status_code == 302
    assert not RelatedChoice.objects.exists()


@pytest.mark.parametrize(("status", "expected"), [("draft", 302), ("published", 403)])
def test_an_author_chooses_beside_their_own_drafts_only(client, status, expected):
    post, other = make_post(status=status), make_post()
    client.force_login(make_owner(post))
    assert press(client, post, "pin", other).status_code == expected
    assert post.related_choices.exists() == (expected == 302)
    theirs = make_post(status="draft")
    assert press(client, theirs, "pin", other).status_code == 403


def test_an_author_neither_pins_nor_reads_of_what_is_not_theirs_to_see(client):
    post, hidden = make_post(status="draft"), make_post(title="Secret plan", status="draft")
    client.force_login(make_owner(post))
    press(client, post, "pin", hidden)
    assert not post.related_choices.exists()
    RelatedChoice.objects.create(post=post, related=hidden)
    assert "Secret plan" not in form(client, post)
    assert (
        "Secret"
        not in press(client, post, "find", _relative_words="secret", _fragment="1").content.decode()
    )


def test_the_form_names_the_public_posts_that_link_there(client, editor):
    post = make_post(slug="target")
    link = '<p><a href="/target/">There</a></p>'
    make_post(title="Public and linking", body=link)
    make_post(title="A draft that links", body=link, status="draft")
    page = form(client, post)
    assert "Public and linking" in page[page.index('id="cited-by"') :]
    assert "A draft that links" not in page


def test_only_a_post_changes_anything(client, editor):
    post = make_post()
    assert client.get(reverse("admin:posts_post_relatives", args=[post.pk])).status_code == 405


def test_the_panel_costs_the_same_however_many_are_chosen(client, editor):
    post = make_post()
    for _ in range(2):
        RelatedChoice.objects.create(post=post, related=make_post())
    form(client, post)
    with CaptureQueriesContext(connection) as few:
        form(client, post)
    for place in range(1, 9):
        RelatedChoice.objects.create(post=post, related=make_post(), position=place)
        RelatedPost.objects.create(post=post, related=make_post(), position=place, score=1)
    with CaptureQueriesContext(connection) as many:
        form(client, post)
    assert len(many) == len(few) <= 14
