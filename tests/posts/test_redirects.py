"""Redirects by hand: what an editor may write, and what the form refuses in words."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from posts.admin.redirects import RedirectForm
from posts.models import MissingPage, Redirect
from tests.factories import make_post, make_staff, make_tag

pytestmark = pytest.mark.django_db

ADD = "admin:posts_redirect_add"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("/Old-Page", "/old-page/"),
        ("http://testserver.test/old-page/?utm=1#part", "/old-page/"),
        (" /old%2Dpage/ ", "/old-page/"),
        ("/old//page/", "/old/page/"),
        ("/?p=12", "/?p=12"),
        ("/downloads/Report.pdf", "/downloads/report.pdf"),
        ("/wp-content/uploads/2014/A.png", "/wp-content/uploads/2014/A.png"),
    ],
)
def test_an_address_is_kept_in_the_form_in_which_it_is_looked_up(client, typed, kept):
    form = RedirectForm({"path": typed, "target": "/about/"})
    assert form.is_valid(), form.errors
    assert form.save().path == kept
    assert client.get(typed.strip().removeprefix("http://testserver.test")).status_code == 301


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"path": "old-page"}, "Begin with /"),
        ({"path": "https://elsewhere.test/old/"}, "Begin with /"),
        ({"path": "/admin/old/"}, "never looked up"),
        ({"path": "/"}, "is a page of this site now"),
        ({"path": "/about/"}, "is a page of this site now"),
        ({"path": "/a-post/"}, "is a page of this site now"),
        ({"path": "/taken/"}, "leads somewhere already"),
        ({"path": "/about-us/"}, "“/chain/” leads here"),
        ({"target": ""}, "Choose one"),
        ({"is_gone": "on"}, "Choose one"),
        ({"target": "/old-page/"}, "lead in a circle"),
        ({"target": "/OLD-page"}, "lead in a circle"),
        ({"target": "/taken/"}, "leads on itself"),
        ({"target": "/no-such-page/"}, "There is no page at"),
        ({"target": "//evil.test/"}, "https:// in front"),
        ({"target": "/\\evil.test/"}, "https:// in front"),
        ({"target": "http://plain.test/"}, "https:// in front"),
        ({"target": "javascript:alert(1)"}, "https:// in front"),
        ({"target": "https://name@evil.test/"}, "https:// in front"),
        ({"target": "https://[broken"}, "https:// in front"),
        ({"target": "elsewhere.test"}, "https:// in front"),
    ],
)
def test_what_would_not_work_is_refused_with_the_reason(data, reason):
    make_post(slug="a-post")
    Redirect.objects.create(path="/taken/", target="/privacy/")
    Redirect.objects.create(path="/chain/", target="/about-us/")
    form = RedirectForm({"path": "/old-page/", "target": "/search/", **data})
    assert not form.is_valid()
    assert reason in str(form.errors)


def test_a_draft_is_no_place_to_lead_to():
    draft = make_post(status="draft")
    form = RedirectForm({"path": "/old-page/", "post": draft.pk})
    assert "This post is not public" in str(form.errors)


def test_the_address_of_a_post_or_topic_is_bound_to_its_row(client):
    tag = make_tag(slug="prisons")
    post = make_post(slug="a-post", tags=(tag,))
    RedirectForm({"path": "/one/", "target": "http://testserver.test/a-post/"}).save()
    RedirectForm({"path": "/two/", "target": "/tag/prisons/"}).save()
    post.slug = "another-name"
    post.save()
    assert client.get("/one/")["Location"] == "/another-name/"
    assert Redirect.objects.get(path="/two/").tag == tag


def test_another_site_is_reached_without_the_visitors_query(client):
    form = RedirectForm({"path": "/old-page/", "target": "https://elsewhere.test/a?b=c"})
    form.save()
    assert client.get("/old-page/?q=1")["Location"] == "https://elsewhere.test/a?b=c"


def test_saving_a_redirect_takes_its_address_off_the_missing(client):
    client.force_login(make_staff())
    client.get("/old-page/")
    data = {"path": "/old-page/", "target": "/about/", "_save": "1"}
    answer = client.post(reverse(ADD) + "?path=/old-page/", data)
    assert answer["Location"] == reverse("admin:posts_missingpage_changelist")
    assert client.get("/old-page/")["Location"] == "/about/"
    assert not MissingPage.objects.filter(path="/old-page/").exists()


def test_the_form_opens_with_the_lost_address_and_with_what_was_saved(client):
    client.force_login(make_staff())
    page = client.get(reverse(ADD), {"path": "/lost-page/"}).content.decode()
    assert 'value="/lost-page/"' in page
    gone = Redirect.objects.create(path="/gone-page/")
    form = client.get(reverse("admin:posts_redirect_change", args=[gone.pk]))
    assert form.context["adminform"].form.initial["is_gone"] is True


def test_a_redirect_is_found_by_where_it_leads(client):
    client.force_login(make_staff())
    Redirect.objects.create(path="/old-page/", post=make_post(title="Ten questions"))
    listing = reverse("admin:posts_redirect_changelist")
    assert "/old-page/" in client.get(listing, {"q": "questions"}).content.decode()


def test_who_may_not_make_redirects_makes_none(client):
    user = User.objects.create_user("writer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_post", "view_redirect"]))
    client.force_login(user)
    answer = client.post(reverse(ADD), {"path": "/old-page/", "target": "/about/"})
    assert answer.status_code == 403
    assert not Redirect.objects.exists()
