"""Lists and weights: whole words, clear errors; what they would have changed, before saving."""

import pytest
from django.test import Client
from django.utils.html import escape
from lxml import html

from comments import rulesets, spam
from comments.models import Comment
from comments.rules import ListError, Rules, domains_in, words_in
from comments.rulesets import RuleSet
from tests.comments.factories import make_comment, make_moderator, send
from tests.factories import make_post, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ADDRESS = "/admin/comments/ruleset/"


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("slot = 5", "A slot here", ["slot"]),
        ("slot = 5", "The slots, a slotted spoon", []),
        ("slot* = 5", "A slotted spoon", ["slot*"]),
        ("free spins = 5\nfree = 2", "FREE\n  spins!", ["free spins"]),
        ("seo = 5", "Seoul, museo, SEO.", ["seo"]),
        ("casino = 5", "𝐂𝐀𝐒𝐈𝐍𝐎", ["casino"]),
        ("賭場 = 5", "免費賭場優惠", ["賭場"]),
        ("казино = 5", "Лучшее КАЗИНО", ["казино"]),
        ("% off = 5", "70% off today", ["% off"]),
    ],
)
def test_terms_match_whole_words_whatever_their_dress(words, text, found):
    assert Rules(words=words_in(words)).terms_in(text) == found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("casino", "Line 1: write “casino = 20”"),
        ("# fine\ncasino = many", "Line 2: write “casino = 20”"),
        ("casino = 101", "Line 1: points go from"),
        ("a = 1\nA = 2", "Line 2: “a” is in line 1"),
        ("a, b = 1", "has no comma"),
        ("* = 1", "more than a"),
        ("x" * 61 + " = 1", "at most 60"),
    ],
)
def test_error_in_a_list_names_line_and_cure(text, problem):
    with pytest.raises(ListError, match=problem):
        words_in(text)


def test_domain_with_an_address_around_it_is_refused():
    with pytest.raises(ListError, match="without https"):
        domains_in("https://a.test/x = 5")


def test_sources_are_not_counted_among_the_links():
    text = "https://www.gov.uk/a https://stats.ac.uk/b https://one.test/c are what I mean here."
    submission = spam.Submission("A", text, "".join(f'<a href="{u}">' for u in text.split()[:3]))
    assert "links" not in [reason.code for reason in spam.judge(submission).reasons]


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_moderator("view_ruleset", "change_ruleset"))
    return client


def fields_of(page: bytes) -> dict[str, str]:
    form = html.fromstring(page.decode()).find_class("spam-rules")[0]
    return dict(form.form_values())


def test_rules_are_saved_after_their_consequences_were_seen(desk):
    fields = fields_of(desk.get(ADDRESS).content) | {"weight_links": "20"}
    seen = desk.post(ADDRESS, fields)
    assert b"What these rules would have changed" in seen.content
    assert not RuleSet.objects.exists()
    answer = desk.post(ADDRESS, fields_of(seen.content) | {"_save": "1"})
    assert answer.status_code == 302
    assert rulesets.current().weights["links"] == 20
    assert RuleSet.objects.get().weights == {"links": 20}


def test_rules_changed_after_the_replay_are_replayed_again(desk):
    seen = desk.post(ADDRESS, fields_of(desk.get(ADDRESS).content))
    fields = fields_of(seen.content) | {"weight_links": "99", "_save": "1"}
    assert b"What these rules would have changed" in desk.post(ADDRESS, fields).content
    assert not RuleSet.objects.exists()


def test_replay_names_the_decisions_that_would_have_been_different(desk):
    lost = make_comment(name="Ann", body="The widget and the gadget were on the wing.")
    Comment.objects.all().approve(by=make_staff())
    found = make_comment(name="Eve", body="Buy a widget and a gadget")
    Comment.objects.held().mark_spam(by=make_staff())
    fields = fields_of(desk.get(ADDRESS).content) | {"weight_words": "100"}
    page = desk.post(ADDRESS, fields | {"words": "widget = 50\ngadget = 40"}).content.decode()
    assert "2 comments" in " ".join(page.split())
    assert "2 more strictly, 0 more mildly" in page
    assert "1 against what staff decided" in page
    for comment in (lost, found):
        assert f"/admin/comments/comment/{comment.pk}/change/" in page


def test_replay_of_erased_words_uses_what_the_log_kept(desk):
    reasons = [{"code": "links", "weight": 45, "evidence": "4 links", "times": 3}]
    comment = make_comment(score=45, reasons=reasons)
    Comment.objects.all().approve(by=make_staff())
    comment.delete()
    fields = fields_of(desk.get(ADDRESS).content) | {"weight_links": "30"}
    page = " ".join(desk.post(ADDRESS, fields).content.decode().split())
    assert "a comment that is gone" in page
    assert "waiting (45)" in page
    assert "spam (90)" in page


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("weight_links", "", "Enter points for links"), ("weight_links", "500", "less than or equal"),
     ("words", "casino", "Line 1: write"), ("domains", "a b = 1", "is no domain"),
     ("words", "x" * 100_001, "at most 100000")],
)  # fmt: skip
def test_rules_that_cannot_be_used_come_back_with_the_text(desk, field, value, message):
    fields = fields_of(desk.get(ADDRESS).content) | {field: value}
    answer = desk.post(ADDRESS, fields)
    assert answer.status_code == 422
    assert escape(message) in answer.content.decode() or message in answer.content.decode()
    assert fields_of(answer.content).get(field, "").strip() == value


def test_earlier_version_can_be_brought_back(desk):
    old = RuleSet.objects.create(weights={"links": 33})
    RuleSet.objects.create(weights={"links": 44})
    page = desk.get(f"{ADDRESS}?version={old.pk}").content
    assert fields_of(page)["weight_links"] == "33"
    assert rulesets.current().weights["links"] == 44


@pytest.mark.parametrize(
    ("permissions", "get", "post"), [([], 403, 403), (["view_ruleset"], 200, 403)]
)
def test_rules_are_for_those_who_may(client, permissions, get, post):
    client.force_login(make_moderator(*permissions))
    assert client.get(ADDRESS).status_code == get
    assert client.post(ADDRESS, {}).status_code == post


def test_new_rules_count_for_the_next_comment(client):
    RuleSet.objects.create(words="wombat = 90", weights={"words": 90})
    send(client, make_post(), body="A wombat in the vestry.")
    assert Comment.objects.get().state == "spam"
