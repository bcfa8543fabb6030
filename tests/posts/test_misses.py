"""Searches that found nothing: noted without a write, by people only, mended by editors."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from posts import misses, spool, tasks
from posts.models import SearchMiss, TagAlias
from tests.factories import make_post, make_staff, make_tag

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIST = "admin:posts_searchmiss_changelist"
READER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Sec-Fetch-Site": "same-origin",
}


@pytest.fixture(autouse=True)
def fresh_spool(settings, tmp_path, monkeypatch) -> None:
    """Give each test a machine on which nobody has searched."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(misses, "visitors", misses.Visitors())


@pytest.fixture
def editor(client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def search(client, query: str, **headers: str) -> None:
    client.get("/search/", {"q": query}, headers={**READER, **headers})


def noted() -> dict[str, int]:
    misses.collect(timezone.now())
    return dict(SearchMiss.objects.values_list("query", "hits"))


def make_miss(query: str = "moj", **values) -> SearchMiss:
    now = timezone.now()
    return SearchMiss.objects.create(
        **{"query": query, "first_seen_at": now, "last_seen_at": now, **values}
    )


def test_a_search_without_result_is_counted_whoever_asks(client):
    for number, query in enumerate(("Cohorts ", "cohorts", "  COHORTS", "tariff")):
        search(client, query, **{"User-Agent": f"Mozilla/5.0 Firefox/{number}"})
    assert noted() == {"cohorts": 3, "tariff": 1}


def test_a_search_that_finds_nothing_only_reads(client):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        search(client, "nothing like it")
    assert {query["sql"].split()[0] for query in captured} <= {"SELECT", "WITH"}
    assert (Path(spool._folder(misses.SPOOL)) / "waiting").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Examplebot/2.1)"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "", "Referer": "https://elsewhere.test/"},
        {"Sec-Fetch-Site": "", "Referer": "http://[broken"},
        {"Sec-Purpose": "prefetch"},
    ],
    ids=["bot", "tool", "nameless", "link elsewhere", "link followed", "other site", "broken",
         "not looked at yet"],
)  # fmt: skip
def test_programs_and_what_others_link_to_are_left_out(client, headers):
    search(client, "cohorts", **headers)
    assert noted() == {}


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "", "Referer": "http://testserver.test/"}],
    ids=["address bar", "older browser"],
)
def test_a_browser_that_was_typed_at_counts(client, headers):
    search(client, "cohorts", **headers)
    assert noted() == {"cohorts": 1}


def test_a_head_request_is_no_search(client):
    client.head("/search/", {"q": "cohorts"}, headers=READER)
    assert noted() == {}


def test_what_is_found_and_what_a_filter_hides_is_no_miss(client):
    make_post(title="Probation").reindex()
    search(client, "probation")
    client.get("/search/", {"q": "probation", "year": "1999"}, headers=READER)
    client.get("/search/", {"tag": "nothing"}, headers=READER)
    assert noted() == {}


@pytest.mark.parametrize(
    "query",
    [
        *(
            "ann@example.org",
            "020 7946 0958",
            "https://example.org/x",
            "www.example.org",
            "SW1A 1AA",
        ),
        *(
            "12/03/1984",
            "QQ123456C",
            "<b>bold</b>",
            "!!!",
            "a",
            "x" * 90,
            "one " * 11,
            "a\u200bb cd",
        ),
    ],
)
def test_personal_data_and_what_was_pasted_is_left_out(client, query):
    search(client, query)
    assert noted() == {}


def test_one_visitor_who_asks_again_counts_once_in_an_hour_and_is_soon_enough():
    visitors = misses.Visitors()
    asked = [visitors.is_first("v", text, now=NOW) for text in ("a", "a", *map(str, range(20)))]
    assert (asked[:2], sum(asked)) == ([True, False], visitors.MOST_SEARCHES)
    assert visitors.is_first("v", "a", now=NOW + timedelta(hours=1))


def test_a_flood_of_visitors_takes_no_memory(monkeypatch):
    visitors = misses.Visitors()
    monkeypatch.setattr(visitors, "MOST", 50)
    counted = sum(visitors.is_first(f"v{number}", "a", now=NOW) for number in range(200))
    assert (counted, len(visitors.seen)) == (50, 50)


def test_the_file_is_bounded(monkeypatch):
    monkeypatch.setattr(spool, "FULL", 1_000)
    for number in range(100):
        spool.append("x", {"number": number})
    spool.append("x", {"long": "x" * 3_000})
    with spool.taken("x") as records:
        assert 40 < len(records) < 80


def test_a_file_that_cannot_be_written_does_not_spoil_the_page(client, settings, tmp_path):
    settings.VAR_DIR = tmp_path / "file"
    settings.VAR_DIR.write_text("")
    assert client.get("/search/", {"q": "cohorts"}, headers=READER).status_code == 200


def test_garbage_in_the_file_is_left_out(client):
    search(client, "cohorts")
    good = {"query": "tariff", "guess": "", "at": NOW.isoformat()}
    lines = [
        b"\xff\xfe", b"", b"[1]", b'"x"', b'{"query": 1}', b'{"query": "torn', b"{}",
        *(json.dumps(good | bad).encode() for bad in (
            {"at": "yesterday"}, {"at": "2026-03-02T12:00"}, {"query": "ann@example.org"},
            {"query": "CASED"}, {"query": "nul\x00"}, {"guess": None},
        )),
        json.dumps(good).encode(),
    ]  # fmt: skip
    with (spool._folder(misses.SPOOL) / "waiting").open("ab") as file:
        file.write(b"\n".join(lines))
    assert noted() == {"cohorts": 1, "tariff": 1}


def test_collecting_twice_counts_once_and_after_a_failure_nothing_is_lost(client):
    search(client, "cohorts")
    with pytest.raises(ValueError, match="stop"), spool.taken(misses.SPOOL):
        raise ValueError("stop")
    tasks.collect_misses.func(0)
    tasks.collect_misses.func(0)
    assert noted() == {"cohorts": 1}


def test_first_and_last_time_and_the_best_guess_are_kept(client):
    make_post(title="Probation and prisons").reindex()
    search(client, "probaton")
    noted()
    SearchMiss.objects.update(first_seen_at=NOW, last_seen_at=NOW)
    search(client, "probaton", **{"User-Agent": "Mozilla/5.0 another"})
    noted()
    miss = SearchMiss.objects.get()
    assert (miss.hits, miss.best_guess, miss.first_seen_at) == (2, "probation", NOW)
    assert miss.last_seen_at > NOW


def test_a_flood_of_searches_pushes_out_what_was_asked_least(monkeypatch):
    monkeypatch.setattr(misses, "MOST_KEPT", 3)
    make_miss("wanted", hits=9)
    for number in range(6):
        spool.append(misses.SPOOL, {"query": f"flood {number}", "guess": "", "at": NOW.isoformat()})
    assert len(noted()) == 3
    assert SearchMiss.objects.filter(query="wanted").exists()


@pytest.mark.parametrize(("hits", "days", "left"), [(1, 29, 1), (1, 31, 0), (2, 31, 1), (2, 91, 0)])
def test_what_nobody_asks_for_any_more_is_forgotten(hits, days, left):
    make_miss(hits=hits, last_seen_at=NOW - timedelta(days=days))
    misses.prune(NOW)
    misses.prune(NOW)
    assert SearchMiss.objects.count() == left


def test_an_editor_makes_the_words_another_name_of_a_tag(client, editor):
    tag = make_tag(name="Ministry of Justice")
    make_post(title="Reform", tags=(tag,)).reindex()
    miss = make_miss("moj")
    url = reverse("admin:posts_searchmiss_name", args=[miss.pk])
    assert "Make it another name" in client.get(url).content.decode()
    page = client.post(url, {"tag": tag.pk}, follow=True).content.decode()
    assert "“moj” finds the posts of “Ministry of Justice” now." in page
    assert client.get("/search/", {"q": "moj"}).context["total"] == 1
    assert not SearchMiss.objects.exists()


def test_the_list_offers_a_tag_called_nearly_the_same_in_one_click(client, editor):
    tag = make_tag(name="Reoffending")
    miss = make_miss("re-offending")
    page = client.get(reverse(LIST)).content.decode()
    assert "Another name of “Reoffending”" in page
    client.post(reverse("admin:posts_searchmiss_name", args=[miss.pk]), {"tag": tag.pk})
    assert tag.aliases.get().name == "re-offending"


@pytest.mark.parametrize(("given", "said"), [("", "Choose the tag"), ("x", "valid choice")])
def test_a_choice_that_makes_no_sense_is_answered_in_words(client, editor, given, said):
    url = reverse("admin:posts_searchmiss_name", args=[make_miss().pk])
    assert said in client.post(url, {"tag": given}).content.decode()
    assert SearchMiss.objects.exists()


def test_words_that_are_a_name_already_are_refused_with_whose(client, editor):
    TagAlias.objects.create(tag=make_tag(name="Ministry of Justice"), name="MoJ")
    url = reverse("admin:posts_searchmiss_name", args=[make_miss("moj").pk])
    page = client.post(url, {"tag": make_tag().pk}).content.decode()
    assert "another name of “Ministry of Justice” already" in page


def test_a_dismissed_search_stays_out_until_it_is_brought_back(client, editor):
    miss = make_miss("noise")
    client.post(reverse("admin:posts_searchmiss_dismiss", args=[miss.pk]))
    assert not SearchMiss.objects.waiting().exists()
    assert "noise" in client.get(reverse(LIST), {"show": "dismissed"}).content.decode()
    data = {"action": "bring_back_all", "_selected_action": [miss.pk]}
    client.post(reverse(LIST) + "?show=dismissed", data)
    assert SearchMiss.objects.waiting().exists()


@pytest.mark.parametrize("names", [[], ["view_searchmiss"], ["change_searchmiss"], ["change_tag"]])
def test_only_who_may_change_tags_and_searches_decides(client, names):
    user = User.objects.create_user("writer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    tag, miss = make_tag(), make_miss()
    for name in ("name", "dismiss"):
        url = reverse(f"admin:posts_searchmiss_{name}", args=[miss.pk])
        assert client.post(url, {"tag": tag.pk}).status_code == 403
    data = {"action": "dismiss_all", "_selected_action": [miss.pk]}
    client.post(reverse(LIST), data)
    assert SearchMiss.objects.waiting().exists()
    assert not tag.aliases.exists()


def test_the_list_costs_the_same_at_10_and_25_rows(client, editor, django_assert_max_num_queries):
    counts = []
    for number in (10, 15):
        for index in range(number):
            make_miss(f"words {number} {index}")
        with django_assert_max_num_queries(12) as captured:
            client.get(reverse(LIST))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_desk_says_so_only_when_something_is_new(client, editor):
    words = "New searches that found nothing"
    old = timezone.now() - timedelta(days=8)
    make_miss("old", first_seen_at=old)
    assert words not in client.get(reverse("admin:index")).content.decode()
    make_miss("new")
    assert words in client.get(reverse("admin:index")).content.decode()


def test_what_readers_search_for_is_in_no_log_and_no_mail(client, caplog):
    search(client, "cohorts")
    misses.collect(timezone.now())
    assert "cohorts" not in caplog.text
    assert mail.outbox == []
