"""What was asked for in vain: counted without a write per visitor, mended with one click."""

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from posts import guesses, missing
from posts.models import MissingPage, Post, Redirect
from tests.factories import make_post, make_staff, make_tag

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIST = "admin:posts_missingpage_changelist"


@pytest.fixture(autouse=True)
def fresh_collector(monkeypatch):
    """Give each test a process that has seen nothing and written nothing."""
    monkeypatch.setattr(missing, "collector", missing.Collector())


@pytest.fixture
def editor(client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def make_missing(path: str = "/lost-page/", **values) -> MissingPage:
    now = timezone.now()
    return MissingPage.objects.create(path=path, first_seen_at=now, last_seen_at=now, **values)


def seen() -> dict[str, int]:
    missing.collector.write(NOW)
    return dict(MissingPage.objects.values_list("path", "hits"))


def mend(client, page: MissingPage, answer: str):
    path = reverse("admin:posts_missingpage_mend", args=[page.pk])
    return client.post(path, {"answer": answer}, follow=True)


def test_a_missing_page_is_counted_by_its_path_alone(client):
    for path in ("/lost-page/", "/lost-page/?secret=1", "/Lost-Page/", "/lost-page"):
        client.get(path)
    client.post("/lost-page/")
    assert seen() == {"/lost-page/": 3}  # The one without a slash was sent on, and is not counted.


@pytest.mark.parametrize(
    "path",
    [
        *("/wp-login.php", "/.env", "/wp-admin/", "/xmlrpc.php", "/a/b.php", "/.git/config"),
        *(
            "/favicon.png",
            "/wp-content/uploads/2014/03/a.png",
            "/vendor/phpunit/",
            "/%3Cscript%3E/",
        ),
        *("/u/a-secret-token/", "/subscription/a-secret/", "/preview/a-secret/", "/media/a/"),
        f"/{'x' * 400}/",
        f"/{'a/' * 12}",
    ],
)
def test_probes_files_and_secret_links_are_left_out(client, path):
    client.get(path)
    assert seen() == {}


@pytest.mark.parametrize(
    ("referrer", "kept"),
    [
        ("http://testserver.test/a-post/?q=1", "/a-post/"),
        ("http://testserver.test/", "/"),
        ("http://testserver.test/u/a-secret-token/", ""),
        ("https://elsewhere.test/page/", ""),
        ("http://[broken", ""),
    ],
)
def test_only_our_own_page_that_links_here_is_remembered(client, referrer, kept):
    client.get("/lost-page/", headers={"Referer": referrer})
    assert MissingPage.objects.get().linked_from == kept


def test_a_crowd_costs_one_write_in_ten_seconds(django_assert_num_queries):
    collector = missing.collector
    collector.note("/first/", linked_from="", now=NOW)
    with django_assert_num_queries(0):
        for number in range(1_000):
            collector.note(f"/page-{number}/", linked_from="", now=NOW + timedelta(seconds=9))
    assert len(collector.waiting) == missing.MOST_WAITING
    with django_assert_num_queries(1):
        collector.note("/page-1/", linked_from="", now=NOW + timedelta(seconds=10))
    assert MissingPage.objects.count() == 1 + missing.MOST_WAITING
    assert MissingPage.objects.get(path="/page-1/").hits == 2


@pytest.mark.parametrize("status", ["draft", "review", "withdrawn", "published"])
def test_the_address_of_a_post_in_any_state_is_not_missing(client, status):
    make_post(slug="to-come", status=status, published_at=timezone.now() + timedelta(days=1))
    client.get("/to-come/")
    client.get("/lost-page/")
    assert seen() == {"/lost-page/": 1}


def test_two_processes_count_into_one_row():
    for process in (missing.Collector(), missing.Collector()):
        process.note("/lost-page/", linked_from="/a-post/", now=NOW)
    page = MissingPage.objects.get()
    assert (page.hits, page.linked_from) == (2, "/a-post/")


def test_a_flood_pushes_out_neither_what_we_link_to_nor_what_many_want(monkeypatch):
    monkeypatch.setattr(missing, "MOST_KEPT", 10)
    make_missing("/linked/", linked_from="/a-post/")
    make_missing("/wanted/", hits=40)
    for number in range(30):
        missing.Collector().note(f"/flood-{number}/", linked_from="", now=timezone.now())
    assert MissingPage.objects.count() == 10
    assert MissingPage.objects.filter(path__in=["/linked/", "/wanted/"]).count() == 2


def test_what_nobody_wants_for_a_month_is_forgotten():
    make_missing("/old/", hits=90)
    MissingPage.objects.update(last_seen_at=NOW - timedelta(days=31))
    make_missing("/new/")
    assert (missing.prune(NOW), missing.prune(NOW)) == (1, 0)
    assert [page.path for page in MissingPage.objects.all()] == ["/new/"]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_take_it_does_not_spoil_the_page(client, monkeypatch):
    monkeypatch.setattr(missing, "_WRITE", "SELECT 1 FROM no_such_table")
    response = client.get("/lost-page/")
    assert response.status_code == 404
    assert "There is no page here" in response.content.decode()


def test_the_page_says_which_post_was_probably_meant(client):
    make_post(slug="reoffending-rates-2014", title="Reoffending rates")
    page = client.get("/reofending-rates-2014/").content.decode()
    assert 'id="did-you-mean"' in page
    assert "/reoffending-rates-2014/" in page
    assert 'value="reofending rates 2014"' in page


@pytest.mark.parametrize("path", ["/reoffending/", "/reoffending-costs/", "/zzz/", "/author/reo/"])
def test_the_page_does_not_guess_wildly_and_names_no_draft(client, path):
    make_post(slug="reoffending-rates-2014")
    make_post(slug="reoffending-in-wales")
    make_post(slug="reoffending-costs", status="draft")
    assert "did-you-mean" not in client.get(path).content.decode()


@pytest.mark.parametrize("slugs", [[], ["nothing-like-this"], ["unheard-of-slugs"]])
def test_an_unknown_slug_costs_four_queries(client, slugs, django_assert_num_queries):
    for slug in slugs:
        make_post(slug=slug)
    missing.collector.written_at = timezone.now()
    with django_assert_num_queries(4):  # The post, where it moved, what is like it, the page's bar.
        client.get("/unheard-of-slug/")
    missing.collector.written_at = NOW - timedelta(days=1)
    with django_assert_num_queries(5):  # And once in ten seconds what was asked for is written.
        client.get("/unheard-of-slug/")


PROBES = ["/a/b/c/d/e/f/", "/a.b.c/d.e/f/", "/x.y.z/", "/a/b.php", "/up.php/a/", f"/{'x' * 600}/"]


@pytest.mark.parametrize("path", PROBES)
def test_a_probe_costs_two_queries_at_most(client, path, django_assert_max_num_queries):
    missing.collector.written_at = timezone.now()
    make_post(slug="a-post")
    with django_assert_max_num_queries(2):
        assert client.get(path).status_code == 404


def test_a_guess_is_made_without_loading_what_it_is_made_from(client):
    for number in range(3):
        make_post(slug=f"reoffending-rates-201{number}")
    with mock.patch.object(Post, "from_db", side_effect=AssertionError("loaded a post")):
        guess = guesses.did_you_mean("/reofending-rates-2012/")
    assert guess is not None
    assert guess.get_absolute_url() == "/reoffending-rates-2012/"


def test_suggestions_load_only_what_begins_alike(django_assert_num_queries):
    post = make_post(slug="reoffending-rates-2014")
    make_post(slug="prisons-in-wales")
    with (
        django_assert_num_queries(2),
        mock.patch.object(guesses, "nearest", wraps=guesses.nearest) as compare,
    ):
        found = guesses.suggestions(["/the-reofending-rates-2014/", "/reoffending-rate-2014/"])
    assert set(found.values()) == {post}
    assert {text for call in compare.call_args_list for text in call.args[1]} == {
        "reoffending rates 2014"
    }


def test_one_click_leads_a_lost_address_to_the_suggested_post(client, editor):
    post = make_post(slug="reoffending-rates-2014", title="Reoffending rates")
    page = make_missing("/reofending-rates-14/")
    listed = client.get(reverse(LIST)).content.decode()
    assert f'value="post:{post.pk}"' in listed
    said = mend(client, page, f"post:{post.pk}").content.decode()
    assert "leads to “Reoffending rates” now." in said
    response = client.get("/reofending-rates-14/")
    assert (response.status_code, response["Location"]) == (301, "/reoffending-rates-2014/")
    assert not MissingPage.objects.exists()


def test_gone_and_ignore_are_one_click_too(client, editor):
    gone, noise = make_missing("/gone-page/"), make_missing("/noise/")
    mend(client, gone, "gone")
    mend(client, noise, "ignore")
    assert client.get("/gone-page/").status_code == 410
    assert [page.path for page in MissingPage.objects.waiting()] == []
    listed = client.get(reverse(LIST), {"show": "ignored"}).content.decode()
    assert "/noise/" in listed


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("post:999999", "valid choice"), ("post:x", "valid choice"), ("", "Choose one")],
)
def test_a_click_that_makes_no_sense_is_answered_in_words(client, editor, answer, reason):
    said = mend(client, make_missing(), answer).content.decode()
    assert reason in said
    assert MissingPage.objects.waiting().exists()


def test_the_suggestion_knows_old_addresses_too(client, editor):
    post = make_post(slug="the-first-long-name")
    post.slug = "something-else"
    post.save()
    make_missing("/the-frist-long-name/")
    assert f'value="post:{post.pk}"' in client.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("names", [[], ["view_missingpage"], ["change_missingpage"]])
@pytest.mark.parametrize("answer", ["gone", "ignore"])
def test_only_who_may_make_redirects_mends(client, names, answer):
    user = User.objects.create_user("writer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    page = make_missing()
    assert mend(client, page, answer).status_code == 403
    listed = client.get(reverse(LIST))
    assert listed.status_code == (200 if names else 403)
    assert "Gone (410)" not in listed.content.decode()
    assert MissingPage.objects.waiting().exists()
    assert not Redirect.objects.exists()


def test_looking_at_the_mending_address_changes_nothing(client, editor):
    path = reverse("admin:posts_missingpage_mend", args=[make_missing().pk])
    assert client.get(path).status_code == 405


def test_many_are_mended_at_once(client, editor):
    post = make_post(slug="reoffending-rates-2014")
    near, far = make_missing("/reoffending-rates-20/"), make_missing("/quite-another/")
    data = {"action": "redirect_all", "_selected_action": [near.pk, far.pk]}
    said = client.post(reverse(LIST), data, follow=True).content.decode()
    assert "No post is like “/quite-another/”." in said
    assert Redirect.objects.get().post == post


@pytest.mark.parametrize("name", ["missingpage", "redirect"])
def test_the_lists_cost_the_same_at_10_and_100_rows(
    client, editor, name, django_assert_max_num_queries
):
    path = reverse(f"admin:posts_{name}_changelist")
    make_rows(10)
    with django_assert_max_num_queries(12) as few:
        client.get(path)
    make_rows(90)
    with django_assert_max_num_queries(12) as many:
        client.get(path)
    assert len(many) == len(few)


def make_rows(number: int) -> None:
    for _ in range(number):
        post, tag = make_post(), make_tag()
        make_missing(f"/{post.slug}-lost/", linked_from="/")
        Redirect.objects.create(path=f"/was-{post.slug}/", post=post)
        Redirect.objects.create(path=f"/was-{tag.slug}/", tag=tag)


def test_a_forged_referrer_leads_to_no_other_site(client):
    client.get("/lost-page/", headers={"Referer": "http://testserver//134744072/"})
    assert MissingPage.objects.get().linked_from == "/134744072/"
