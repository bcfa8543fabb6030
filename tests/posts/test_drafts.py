"""Working copies: kept beside the post, each person's own, and saved over nobody's work."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from posts import drafts
from posts.admin import autosave
from posts.models import CoAuthor, Post, WorkingCopy
from tests.factories import make_author, make_owner, make_post, make_staff, make_tag
from tests.posts.test_admin import form_data

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def ann(client) -> User:
    user = make_staff(first_name="Ann", last_name="Writer")
    client.force_login(user)
    return user


def send(client, post: Post | None = None, **changes) -> Any:
    """Send what an open form would; return the answer."""
    sent = {
        "key": "form-a", "from_key": "", "sequence": 1, "data": {"title": ["As typed"]},
        "based_on": post.saved_at.isoformat() if post else "",
    }  # fmt: skip
    user = changes.pop("user", client.session.get("_auth_user_id", ""))
    end, args = ("", [post.pk]) if post else ("_new", [])
    url = reverse(f"admin:posts_post_autosave{end}", args=args)
    body = json.dumps(sent | changes)
    return client.post(url, body, content_type="application/json", headers={"X-Written-By": user})


def change_url(post: Post) -> str:
    return reverse("admin:posts_post_change", args=[post.pk])


def typed(post: Post, **changes) -> dict[str, Any]:
    """Return what the form sends when it is saved, with the marks it carries."""
    marks = {"form_key": "form-a", "from_key": "", "based_on": post.saved_at.isoformat()}
    rows = {"co_authorships-TOTAL_FORMS": 0, "co_authorships-INITIAL_FORMS": 0}
    kept = {"slug": post.slug, "status": post.status, "excerpt": post.excerpt, "body": post.body}
    if post.published_at:
        local = timezone.localtime(post.published_at)
        kept |= {"published_at_0": f"{local:%d/%m/%Y}", "published_at_1": f"{local:%H:%M:%S}"}
    return form_data(post, **(rows | marks | kept | {"title": post.title} | changes))


# -- Keeping --------------------------------------------------------------------------------------


def test_typing_touches_neither_the_posts_row_nor_any_date_of_it(client, ann):
    post = make_post()
    before = Post.objects.values().get()
    assert send(client, post, data={"title": ["X"], "status": ["draft"]}).status_code == 200
    assert Post.objects.values().get() == before


def test_what_was_typed_is_in_the_form_when_it_is_opened_again(client, ann):
    tag, post = make_tag(name="Cohorts"), make_post(title="As saved")
    data = typed(post, title="As typed", tags=str(tag.pk), excerpt="")
    send(client, post, data={name: [str(value)] for name, value in data.items()})
    page = client.get(change_url(post)).content.decode()
    assert 'value="As typed"' in page
    assert "Your unsaved changes of" in page
    assert "Cohorts</option>" in page
    assert "errornote" not in page


def test_a_new_post_is_offered_on_the_empty_form_and_gone_on_with(client, ann):
    send(client, data={"title": ["Never saved"]}, key="form-n")
    add = reverse("admin:posts_post_add")
    assert "new post, “Never saved”, at" in client.get(add).content.decode()
    assert 'value="Never saved"' not in client.get(add).content.decode()
    assert 'value="Never saved"' in client.get(add, {"copy": "form-n"}).content.decode()


def test_saving_lets_go_of_the_copy_and_of_messages_still_on_their_way(client, ann):
    post = make_post()
    send(client, post)
    assert client.post(change_url(post), typed(post, title="Saved")).status_code == 302
    assert not WorkingCopy.objects.exists()
    assert send(client, post, sequence=2).json() == {"is_closed": True}
    assert not WorkingCopy.objects.exists()
    assert client.cookies["saved_form"].value == "form-a"


def test_a_refused_save_keeps_the_copy(client, ann):
    post = make_post()
    send(client, post)
    assert client.post(change_url(post), typed(post, title="")).status_code == 200
    assert WorkingCopy.objects.count() == 1


def test_a_message_overtaken_by_a_later_one_changes_nothing(client, ann):
    post = make_post()
    send(client, post, sequence=5, data={"title": ["Later"]})
    send(client, post, sequence=4, data={"title": ["Earlier"]})
    assert WorkingCopy.objects.get().title == "Later"


def test_two_windows_of_one_person_lose_neither_text(client, ann):
    post = make_post()
    send(client, post, key="form-a", data={"title": ["Here"]})
    send(client, post, key="form-b", data={"title": ["There"]})
    current = WorkingCopy.objects.current().get()
    aside = WorkingCopy.objects.exclude(pk=current.pk).get()
    assert (current.title, aside.title) == ("There", "Here")
    send(client, post, key="form-a", sequence=2, data={"title": ["Here, more"]})
    assert WorkingCopy.objects.current().get().title == "Here, more"
    assert WorkingCopy.objects.count() == 2


def test_a_form_filled_with_a_copy_goes_on_with_that_copy(client, ann):
    post = make_post()
    send(client, post, key="form-a")
    send(client, post, key="form-b", from_key="form-a", data={"title": ["More"]})
    copy = WorkingCopy.objects.get()
    assert (copy.key, copy.title) == ("form-b", "More")


def test_an_open_form_that_holds_nothing_new_is_no_copy(client, ann):
    post = make_post()
    send(client, post, data={})
    assert not WorkingCopy.objects.typed().exists()
    assert "unsaved" not in client.get(change_url(post)).content.decode()


def test_a_post_deleted_meanwhile_leaves_the_text_as_a_new_post(client, ann):
    post = make_post()
    send(client, post, data={"title": ["Orphan"]})
    url, data = change_url(post), typed(post, title="Orphan")
    Post.objects.all().delete()
    page = client.post(url, data, follow=True).content.decode()
    assert "was deleted while you were writing" in page
    assert 'value="Orphan"' in page


# -- Whose --------------------------------------------------------------------------------------


def test_an_expired_log_in_is_told_without_a_redirect(client):
    answer = send(client, make_post(), user="1")
    assert (answer.status_code, answer.json()) == (401, {"reason": "Your log-in has expired."})


def test_text_does_not_land_in_the_account_of_who_logged_in_meanwhile(client, ann):
    answer = send(client, make_post(), user="999999")
    assert answer.status_code == 403
    assert not WorkingCopy.objects.exists()


@pytest.mark.parametrize(
    ("status", "expected"), [("draft", 200), ("review", 200), ("published", 403)]
)
def test_a_writer_keeps_a_copy_only_of_what_a_writer_may_change(client, status, expected):
    post = make_post(status=status)
    client.force_login(make_owner(post))
    assert send(client, post).status_code == expected
    assert WorkingCopy.objects.count() == (expected == 200)


def test_nobody_reads_or_touches_anothers_copy(client, ann):
    post = make_post()
    send(client, post, data={"title": ["Ann's secret"]})
    copy = WorkingCopy.objects.get()
    client.force_login(make_staff())
    page = client.get(change_url(post)).content.decode()
    assert "secret" not in page
    assert "Ann Writer has this post open, with unsaved changes from just now." in page
    for verb in ("set-aside", "put-back", "delete"):
        url = reverse("admin:posts_post_workingcopy", args=[copy.pk, verb])
        assert client.post(url).status_code == 404


def test_a_copy_is_discarded_and_put_back(client, ann):
    post = make_post(title="As saved")
    send(client, post)
    copy = WorkingCopy.objects.get()
    act = lambda verb: client.post(  # noqa: E731
        reverse("admin:posts_post_workingcopy", args=[copy.pk, verb]), follow=True
    ).content.decode()
    assert 'value="As saved"' in act("set-aside")
    assert 'value="As typed"' in act("put-back")
    assert 'value="As saved"' in act("delete")
    assert not WorkingCopy.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"data": {"body": ["x" * 2_000_001]}}, 413),
        ({"data": {f"name-{number}": [""] for number in range(2_001)}}, 400),
        ({"data": ["no mapping"]}, 400),
        ({"key": ""}, 400),
        ({"sequence": "soon"}, 400),
        ({"based_on": "2026-07-09T08:00:00"}, 400),
    ],
)
def test_what_no_form_sends_is_refused_with_a_reason(client, ann, changes, status):
    answer = send(client, make_post(), **changes)
    assert answer.status_code == status
    assert answer.json()["reason"]


def test_a_nul_and_half_a_character_do_not_stop_the_keeping(client, ann):
    assert send(client, data={"title": ["a\x00b\ud800c"]}).status_code == 200
    assert WorkingCopy.objects.get().title == "abc"


def test_too_many_messages_are_put_off(client, ann, monkeypatch):
    monkeypatch.setattr(autosave, "MOST_PER_MINUTE", 1)
    post = make_post()
    assert [send(client, post, sequence=n).status_code for n in (1, 2)] == [200, 429]


def test_keeping_costs_the_same_whoever_else_is_there(client, ann, django_assert_num_queries):
    post = make_post()
    for number in range(5):
        WorkingCopy.objects.create(
            post=post, user=make_staff(), key=f"k{number}", seen_at=timezone.now()
        )
    send(client, post)
    with django_assert_num_queries(13):
        send(client, post, sequence=2)


def test_working_copies_are_kept_thirty_days_and_marks_of_open_forms_one(ann):
    now = timezone.now()
    for key, age, text in (("a", 29, now), ("b", 31, now), ("c", 2, None), ("d", 0, None)):
        seen = now - timedelta(days=age)
        WorkingCopy.objects.create(user=ann, key=key, seen_at=seen, saved_at=text and seen)
    assert drafts.prune(now) == {"working copies": 2}
    assert sorted(WorkingCopy.objects.values_list("key", flat=True)) == ["a", "d"]
    assert drafts.prune(now) == {"working copies": 0}


def test_the_form_costs_three_queries_more_whatever_is_kept(client, ann):
    post = make_post()
    for number in range(3):
        send(client, post, key=f"form-{number}", sequence=number + 1)
        seen = {"seen_at": timezone.now(), "saved_at": timezone.now()}
        WorkingCopy.objects.create(post=post, user=make_staff(), key=f"k{number}", **seen)
    with CaptureQueriesContext(connection) as captured:
        client.get(change_url(post))
    asked = [query["sql"] for query in captured]
    assert sum("posts_workingcopy" in sql or "posts_previewlink" in sql for sql in asked) == 3
    assert len(asked) < 25


def test_a_change_kept_for_later_lets_go_of_the_copy(client, ann):
    post = make_post()
    send(client, post, data={"title": ["For later"]})
    due = timezone.localtime(timezone.now() + timedelta(days=2))
    later = {
        "later-due_at_0": f"{due:%d/%m/%Y}", "later-due_at_1": f"{due:%H:%M:%S}",
        "later-seen": post.saved_at.isoformat(), "_later": "1",
    }  # fmt: skip
    data = typed(post, title="For later", tags=[tag.pk for tag in post.tags.all()], **later)
    assert client.post(change_url(post), data).status_code == 302
    assert post.changes.count() == 1
    assert not WorkingCopy.objects.exists()


# -- What no form of ours sends -------------------------------------------------------------------

ROW = {"co_authorships-TOTAL_FORMS": ["1"], "co_authorships-INITIAL_FORMS": ["0"]}
JUNK = [
    {"tags": ["abc"]},
    {"tags": ["9" * 5000]},
    {"author": ["abc"]},
    {"topic": ["²"]},
    {"series": ["1e3"]},
    {"lead_image": ["abc"]},
    ROW | {"co_authorships-0-author": ["abc"]},
    ROW | {"co_authorships-0-id": ["²"], "co_authorships-0-author": [""]},
    ROW | {"co_authorships-²-id": ["1"]},
    ROW | {f"co_authorships-{'9' * 5000}-id": ["1"]},
    {"co_authorships-TOTAL_FORMS": ["x"]},
    {"published_at_0": ["9999-99-99"], "series_position": ["1e999"]},
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: str(junk)[:60])
def test_a_copy_of_anything_opens_in_the_form(client, ann, junk):
    post = make_post()
    assert send(client, post, data={"title": ["As typed"], **junk}).status_code == 200
    page = client.get(change_url(post))
    assert page.status_code == 200
    assert 'value="As typed"' in page.content.decode()


@pytest.mark.parametrize("number", ["007", "7"])
def test_a_row_is_known_by_its_number_however_it_is_written(client, ann, number):
    post = make_post()
    row = CoAuthor.objects.create(pk=7, post=post, author=make_author())
    junk = {"co_authorships-0-id": [number], "co_authorships-0-author": [str(row.author_id)]}
    send(client, post, data=ROW | {"title": ["As typed"], **junk})
    assert client.get(change_url(post)).status_code == 200


@pytest.mark.parametrize(
    "junk",
    [
        {"tags": "1\x00"},
        {"tags": "abc"},
        {"author": "1\x00"},
        {"author": "abc"},
        {"tags": "9" * 5000},
        {"form_key": "a\x00b", "from_key": "\x00", "title": ""},
        {"form_key": "a\x00b", "from_key": "\x00"},
    ],
    ids=str,
)
def test_a_form_sent_with_anything_is_answered(client, ann, junk):
    post = make_post()
    assert client.post(change_url(post), typed(post, **junk)).status_code in {200, 302}


@pytest.mark.parametrize(
    "moment", ["2020-01-01T00:00:00+00:00", "2020-99-99T00:00", "2020-01-01 09:00"]
)
def test_a_stale_form_is_kept_without_what_postgres_cannot_hold(client, ann, moment):
    post = make_post()
    data = typed(post, title="Mi\x00ne", form_key="k\x00ey", based_on=moment)
    assert client.post(change_url(post), data).status_code == 302
    copy = WorkingCopy.objects.get()
    assert (copy.key, copy.title) == ("key", "Mine")
    assert client.get(change_url(post)).status_code == 200


@pytest.mark.parametrize("body", ["[" * 200_000, '{"sequence": 1e999}'])
def test_what_nobody_can_read_is_refused_in_words(client, ann, body):
    whole = {"key": "k", "from_key": "", "based_on": "", "data": {}}
    text = json.dumps(whole)[:-1] + ", " + body[1:] if body[0] == "{" else body
    url, user = reverse("admin:posts_post_autosave_new"), client.session["_auth_user_id"]
    answer = client.post(url, text, content_type="application/json", headers={"X-Written-By": user})
    assert (answer.status_code, answer.json()) == (400, {"reason": autosave.NOT_UNDERSTOOD})


def test_a_number_that_is_none_is_no_post(client, ann):
    for number in ("²", "9" * 5000, "x"):
        assert client.get(f"/admin/posts/post/{number}/change/").status_code == 302
