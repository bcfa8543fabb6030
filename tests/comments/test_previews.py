"""The preview: what it shows, what it keeps, and what it refuses."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from lxml import html

from comments import previews
from comments.models import Comment
from tests.comments.factories import published, signed_fields
from tests.factories import make_post

pytestmark = pytest.mark.django_db


def preview(client, post, *, script=False, **values):
    headers = {"Accept": "application/json"} if script else {}
    fields = {"name": "", "email": "", "body": "Some *words*."} | values
    return client.post(f"/{post.slug}/comments/preview/", fields, headers=headers)


def test_a_script_gets_the_text_as_it_will_be_shown_and_nothing_is_stored(client):
    answer = preview(client, make_post(), script=True, body="*Yes* <b>no</b>")
    assert answer.json() == {"html": "<p><em>Yes</em> &lt;b&gt;no&lt;/b&gt;</p>", "problem": ""}
    assert not Comment.objects.exists()


def test_without_a_script_the_form_comes_back_as_filled_in_below_the_text(client):
    parent = published()
    values = {"name": "Ben", "email": "ben@example.org", "parent": parent.public_id}
    answer = preview(client, parent.post, body="Some *words*.", **values)
    page = html.fromstring(answer.content)
    fields = dict(page.get_element_by_id("comment-form").form_values())
    assert page.get_element_by_id("preview").find_class("comment__body")[0].xpath(".//em/text()")
    assert {name: fields[name] for name in values} == values
    assert fields["body"].strip() == "Some *words*."
    assert not page.find_class("invalid-feedback")


def test_what_was_previewed_can_be_sent(client):
    post = make_post()
    page = html.fromstring(preview(client, post, **signed_fields(post)).content)
    form = page.get_element_by_id("comment-form")
    assert client.post(form.action, dict(form.form_values())).status_code == 303
    assert Comment.objects.get().name == "Ben Reader"


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 422), ("x" * 5_001, 422), ("a\x00b", 422), ("a\ud800b", 422), ("x" * 200_000, 413)],
    ids=["nothing", "too long", "NUL", "lone surrogate", "huge"],
)
def test_a_text_that_cannot_be_sent_is_not_shown_and_told_why(client, body, status):
    sent = body.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    answer = preview(client, make_post(), script=True, body=sent)
    assert answer.status_code == status
    assert answer.json()["problem"]
    assert answer.json()["html"] == ""


def test_the_text_is_kept_when_it_cannot_be_shown(client):
    answer = preview(client, make_post(), body="kept words " + "x" * 5_000)
    assert answer.status_code == 422
    assert "kept words" in answer.content.decode()


def test_another_sites_page_cannot_ask(client):
    post = make_post()
    answer = client.post(f"/{post.slug}/comments/preview/", {"body": "x"},
                         headers={"Sec-Fetch-Site": "cross-site"})  # fmt: skip
    assert answer.status_code == 403


def test_previews_run_out_and_say_when_there_are_more(client, monkeypatch):
    monkeypatch.setattr(previews, "MOST", 2)
    post = make_post()
    answers = [preview(client, post, script=True) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"] == "600"


def test_a_closed_post_or_a_draft_previews_nothing(client):
    assert preview(client, make_post(is_open_to_comments=False), script=True).status_code == 403
    assert preview(client, make_post(status="draft"), script=True).status_code == 404
    assert client.get(f"/{make_post().slug}/comments/preview/").status_code == 405


def test_all_public_scripts_together_stay_light():
    scripts = ["pbrsite/site.js", "comments/preview.js"]
    assert sum(Path(str(finders.find(name))).stat().st_size for name in scripts) <= 6_000
