"""Previews: who sees what is not public, and for how long."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from posts import previews, relatedness
from posts.models import CoAuthor, Correction, Post, RelatedPost, Series
from posts.proofs import as_proof
from tests.factories import make_author, make_owner, make_post, make_staff, make_tag
from tests.posts.test_drafts import typed
from tests.posts.test_images import make_image

NOW = datetime(2026, 7, 9, 8, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def editor(client, db) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def preview(client, post: Post | None = None, **changes) -> Any:
    """Ask for the preview of a form filled in like this; return the answer."""
    end, args = ("", [post.pk]) if post else ("_new", [])
    data = typed(post or Post(author=make_author(), saved_at=NOW), **changes)
    return client.post(reverse(f"admin:posts_post_preview{end}", args=args), data)


# -- The pass of pictures ------------------------------------------------------------------------


def test_a_pass_names_its_post_for_at_least_an_hour():
    value = previews.media_pass(7, NOW)
    assert previews.verify_pass(value, NOW + timedelta(hours=1)) == 7
    assert previews.verify_pass(value, NOW + previews.PASS_LASTS) is None


def test_a_pass_is_the_same_while_one_types():
    assert previews.media_pass(7, NOW) == previews.media_pass(7, NOW + timedelta(minutes=10))


@pytest.mark.parametrize("forged", ["", "7", "7-99999999999", "7-99999999999.x", "\x00", "é.é"])
def test_a_forged_pass_opens_nothing(forged):
    assert previews.verify_pass(forged, NOW) is None


def test_every_picture_of_ours_carries_the_pass_and_no_other(settings):
    page = (
        '<html><head><meta content="{url}/media/a.jpg"></head><body>'
        '<img src="/media/a.jpg" srcset="/media/b.jpg 640w, /media/c.jpg?v=2 1280w">'
        '<a href="https://other.test/media/d.jpg">/media/e.jpg</a></body></html>'
    ).replace("{url}", settings.SITE_URL)
    proof = as_proof(page, banner="<p>Mark</p>", media_pass="P")
    assert f'content="{settings.SITE_URL}/media/a.jpg?pass=P"' in proof
    assert 'src="/media/a.jpg?pass=P"' in proof
    assert 'srcset="/media/b.jpg?pass=P 640w, /media/c.jpg?v=2&amp;pass=P 1280w"' in proof
    assert "d.jpg?pass" not in proof
    assert ">/media/e.jpg<" in proof


# -- The unsaved form ----------------------------------------------------------------------------


def test_the_preview_shows_the_form_and_writes_nothing(client, editor):
    post = make_post(title="As saved", tags=(make_tag(name="Old tag"),))
    before = Post.objects.values().get()
    tag, image, author = make_tag(name="New tag"), make_image(), make_author(name="New Author")
    page = preview(
        client, post, title="As typed", standfirst="New standfirst", body="<p>New words</p>",
        tags=[tag.pk], topic=tag.pk, author=author.pk, lead_image=image.pk,
        lead_image_alt="A chart", lead_image_credit="Her photo",
    ).content.decode()  # fmt: skip
    for words in ("As typed", "New standfirst", "New words", "New tag", "A chart", "Her photo"):
        assert words in page
    assert "New Author" in page
    assert "Old tag" not in page
    assert "Preview: not public." in page
    assert Post.objects.values().get() == before
    assert [tag.name for tag in post.tags.all()] == ["Old tag"]


def test_a_form_with_gaps_shows_what_it_can(client, editor):
    page = preview(client, title="x" * 200, slug="", author="", published_at_0="never", tags=["0"])
    assert page.status_code == 200
    assert "x" * 200 in page.content.decode()
    assert "The form has gaps" in page.content.decode()
    assert preview(client, title="", body="").status_code == 200


def test_a_body_that_is_refused_is_shown_and_sanitised(client, editor):
    body = (
        '<p>Words <a href="nowhere">link</a></p><script>alert(1)</script><p onclick="x()">More</p>'
    )
    page = preview(client, make_post(), body=body).content.decode()
    assert "Words" in page
    assert "alert(1)" not in page
    assert "onclick" not in page


def test_the_preview_is_kept_by_nobody_and_runs_no_script(client, editor):
    answer = preview(client, make_post())
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    policy = answer["Content-Security-Policy"]
    for rule in ("script-src 'none'", "form-action 'none'", "frame-ancestors 'self'", "sandbox "):
        assert rule in policy
    assert "allow-scripts" not in policy
    assert "allow-top-navigation" not in policy
    forms = re.findall(r"<form[^>]*>", answer.content.decode())
    assert len(forms) >= 2
    assert all("inert" in form for form in forms)


def test_the_related_posts_stored_now_stand_beneath(client, editor):
    post, draft = make_post(), make_post(title="Unseen", status="draft")
    pinned, computed = (make_post(title=f"Post {name}") for name in ("pinned", "computed"))
    for place, other in enumerate((pinned, draft, computed), 1):
        RelatedPost.objects.create(post=post, related=other, position=place, score=1)
    answer = preview(client, post)
    assert [p.title for p in answer.context["related"]] == ["Post pinned", "Post computed"]


def test_a_notice_not_saved_yet_stands_at_the_top(client, editor):
    local = timezone.localtime()
    rows: dict[str, Any] = {
        "corrections-TOTAL_FORMS": 1, "corrections-0-kind": "retraction",
        "corrections-0-text": "The figures were wrong.",
        "corrections-0-noted_at_0": f"{local:%d/%m/%Y}",
        "corrections-0-noted_at_1": f"{local:%H:%M:%S}",
    }  # fmt: skip
    page = preview(client, make_post(title="As saved"), **rows).content.decode()
    assert "The figures were wrong." in page
    assert "Retracted: As saved" in page
    assert not Correction.objects.exists()


def test_a_new_part_has_its_place_in_the_series_and_its_further_authors(client, editor):
    series = Series.objects.create(title="A long story", slug="a-long-story")
    make_post(title="First part", series=series, series_position=1)
    second = make_author(name="Second Author")
    rows: dict[str, Any] = {
        "co_authorships-TOTAL_FORMS": 1, "co_authorships-0-author": second.pk,
        "co_authorships-0-position": 1,
    }  # fmt: skip
    rows |= {"title": "Second part", "series": series.pk, "series_position": 2}
    page = preview(client, **rows).content.decode()
    assert "Second Author" in page
    assert "First part" in page
    assert CoAuthor.objects.count() == 0


@pytest.mark.parametrize(
    ("status", "expected"), [("draft", 200), ("review", 200), ("published", 403)]
)
def test_a_writer_previews_only_what_a_writer_may_change(client, db, status, expected):
    post = make_post(status=status)
    client.force_login(make_owner(post))
    assert preview(client, post).status_code == expected


def test_a_reader_previews_nothing(client, db):
    client.force_login(User.objects.create_user("reader"))
    post = make_post(status="draft", body="<p>Secret</p>")
    answer = preview(client, post)
    assert answer.status_code == 401
    assert "Secret" not in answer.content.decode()
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get(reverse("admin:posts_post_preview", args=[post.pk])).status_code == 405


def test_a_preview_costs_the_same_whatever_is_tagged(client, editor):
    post = make_post()
    tags = [make_tag().pk for _ in range(8)]
    relatedness.relate(post.pk)
    preview(client, post)
    costs = []
    for chosen in (tags[:1], tags):
        with CaptureQueriesContext(connection) as captured:
            preview(client, post, tags=chosen)
        costs.append([query["sql"] for query in captured])
    asked = [
        [sql for sql in cost if "_check" not in sql and "SAVEPOINT" not in sql] for cost in costs
    ]
    assert [len(cost) for cost in asked] == [13, 13]
    assert all(sql.startswith("SELECT") for sql in asked[1])
