"""Full-text search: ranked, safe, fast on anything."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from lxml import etree

from posts import facets, search
from posts.models import CoAuthor, Post, TagAlias
from tests.factories import make_author, make_post, make_tag

pytestmark = pytest.mark.django_db


def index_all() -> None:
    search.index(list(Post.objects.values_list("pk", flat=True)))


def found(client, **asked) -> list[str]:
    response = client.get("/search/", asked)
    assert response.status_code == 200
    page = response.context["page_obj"]
    return [post.title for post in page] if page else []


def test_a_hit_in_the_title_comes_before_one_in_the_body(client):
    make_post(title="Prisons", body="<p>A word on probation.</p>")
    make_post(title="Probation", body="<p>A word on prisons.</p>")
    index_all()
    assert found(client, q="probation") == ["Probation", "Prisons"]


def test_a_tag_and_its_alias_find_the_post(client):
    tag = make_tag(name="Ministry of Justice")
    TagAlias.objects.create(tag=tag, name="MoJ")
    make_post(title="Reform", tags=(tag,))
    index_all()
    assert found(client, q="moj") == ["Reform"]
    assert found(client, q="ministry justice") == ["Reform"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ('"social impact"', ["Bonds"]),
        ("bond -social", ["Other"]),
        ("peterborough or doncaster", ["Bonds", "Other"]),
        ("peterborough or leeds", ["Bonds"]),
    ],
    ids=["phrase", "minus", "or", "or what nobody wrote"],
)
def test_operators_of_websearch(client, query, titles):
    make_post(title="Bonds", body="<p>The social impact bond at Peterborough.</p>")
    make_post(title="Other", body="<p>Impact was social? A bond in Doncaster.</p>")
    Post.objects.filter(title="Other").update(plain_text="An impact. A bond in Doncaster.")
    index_all()
    assert sorted(found(client, q=query)) == titles


@pytest.mark.parametrize("status", ["draft", "review", "withdrawn"])
def test_what_is_not_public_is_not_found(client, status):
    make_post(title="Secret probation", status=status)
    index_all()
    assert found(client, q="probation") == []
    assert "Secret" not in client.get("/search/", {"q": "probatoin"}).content.decode()


@pytest.mark.parametrize("query", ["labor program", "Labour programmes", "lábour Programme"])
def test_spellings_of_both_sides_of_the_atlantic_and_accents_find_each_other(client, query):
    make_post(title="The labour programme")
    make_post(title="A labor program")
    index_all()
    assert sorted(found(client, q=query)) == ["A labor program", "The labour programme"]


@pytest.mark.parametrize("query", ["reoffending", "re-offending", "re offending", '"re-offending"'])
def test_a_word_is_found_joined_parted_and_with_a_hyphen(client, query):
    for written in ("reoffending", "re-offending", "re offending"):
        make_post(title=f"Rates: {written}", body="")
    make_post(title="Re: the rates of offending", body="")
    index_all()
    joined, hyphen, parted = "reoffending", "re-offending", "re offending"
    assert set(found(client, q=query)) >= {f"Rates: {w}" for w in (joined, hyphen, parted)}


@pytest.mark.parametrize("query", ["opensource", "open-source", "open source"])
def test_a_word_of_two_words_is_found_however_it_is_written(client, query):
    for written in ("opensource", "open-source", "open source"):
        make_post(title=f"Software: {written}", body="")
    index_all()
    assert len(found(client, q=query)) == 3


def test_a_word_of_two_is_not_found_where_these_stand_in_other_places(client):
    for title in ("An opensource library", "An open source library", "Source of an open library"):
        make_post(title=title, body="")
    index_all()
    context = client.get("/search/", {"q": "opensource"}).context
    assert (context["total"], context["listed"]) == (2, 2)
    context = client.get("/search/", {"q": "opensource library"}).context
    assert (context["total"], context["matched_all"]) == (3, 2)


@pytest.mark.parametrize("query", ["MoJ", "ministry of justice", '"MoJ"'])
def test_an_acronym_and_what_it_stands_for_find_each_other_in_plain_text(client, query):
    tag = make_tag(name="Ministry of Justice")
    TagAlias.objects.create(tag=tag, name="MoJ")
    make_post(title="Filed", tags=(tag,))
    make_post(title="Short", body="<p>The MoJ says no.</p>")
    make_post(title="Long", body="<p>The Ministry of Justice says yes.</p>")
    index_all()
    expected = ["Filed", "Short"] if query.startswith('"') else ["Filed", "Long", "Short"]
    assert sorted(found(client, q=query)) == expected


def test_an_author_a_co_author_and_a_standfirst_find_the_post(client):
    ann, ben = make_author(name="Ann Onym"), make_author(name="Ben Trovato")
    post = make_post(title="Bonds", author=ann, standfirst="A quibble.")
    CoAuthor.objects.create(post=post, author=ben)
    index_all()
    assert [found(client, q=q) for q in ("onym", "trovato", "quibbles")] == [["Bonds"]] * 3


def test_a_title_of_nothing_but_words_of_grammar_is_found(client):
    make_post(title="What we do")
    make_post(title="Prisons", body="<p>What can we do about it?</p>")
    index_all()
    assert found(client, q="what we do")[0] == "What we do"


def test_posts_with_all_the_words_come_first_and_are_counted(client):
    make_post(title="Bonds in Peterborough")
    make_post(title="Peterborough", body="<p>A town.</p>")
    make_post(title="Bonds", body="<p>Paper.</p>")
    index_all()
    context = client.get("/search/", {"q": "bonds in peterborough"}).context
    assert context["page_obj"][0].title == "Bonds in Peterborough"
    assert (context["total"], context["matched_all"]) == (3, 1)


def test_one_common_word_of_several_does_not_match_everything(client):
    for number in range(12):
        make_post(title=f"Note {number}")
    make_post(title="Peterborough")
    index_all()
    assert found(client, q="probation in peterborough") == ["Peterborough"]


def test_of_posts_that_weigh_the_same_the_newer_comes_first(client):
    old = make_post(title="Bonds", published_at=timezone.now() - timedelta(days=9))
    new = make_post(title="Bonds")
    index_all()
    assert [post.pk for post in client.get("/search/", {"q": "bonds"}).context["page_obj"]] == [
        new.pk,
        old.pk,
    ]


def test_newest_first_keeps_what_holds_all_words_above_what_holds_some(client):
    days = timedelta(days=1)
    make_post(title="Bonds of Leeds", published_at=timezone.now() - 9 * days)
    make_post(title="Leeds and bonds", published_at=timezone.now() - 5 * days)
    make_post(title="Leeds", published_at=timezone.now() - 2 * days)
    index_all()
    listed = found(client, q="bonds leeds", sort="date")
    assert listed == ["Leeds and bonds", "Bonds of Leeds", "Leeds"]


def test_a_phrase_does_not_reach_from_one_field_into_the_next(client):
    make_post(title="Social", tags=(make_tag(name="Impact"), make_tag(name="Bond")), body="")
    index_all()
    assert found(client, q='"social impact"') == found(client, q='"impact bond"') == []
    assert found(client, q="social impact bond") == ["Social"]


def test_a_query_that_only_leaves_out_finds_the_rest(client):
    make_post(title="Prisons", body="")
    make_post(title="Courts", body="")
    index_all()
    assert found(client, q="-prisons") == ["Courts"]


def test_quotes_that_find_nothing_offer_the_words_without_them(client):
    make_post(title="An impact that is social")
    index_all()
    context = client.get("/search/", {"q": '"social impact"'}).context
    assert (context["total"], context["did_you_mean"]["text"]) == (0, "social impact")


def test_pages_together_are_the_whole_each_post_once(client):
    for number in range(23):
        make_post(title=f"Bonds {number}")
    index_all()
    pages = [found(client, q="bonds", page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [10, 10, 3]
    assert len(set().union(*pages)) == 23


def test_what_is_withdrawn_is_gone_and_what_was_scheduled_appears_by_itself(client):
    now = timezone.now()
    gone = make_post(title="Bonds gone")
    make_post(title="Bonds to come", published_at=now + timedelta(hours=1))
    index_all()
    Post.objects.filter(pk=gone.pk).update(status="withdrawn")
    assert found(client, q="bonds") == []
    with time_machine.travel(now + timedelta(hours=2)):
        assert found(client, q="bonds") == ["Bonds to come"]


def test_facet_counts_are_what_a_click_gives_under_other_filters_too(client):
    drugs, courts = make_tag(slug="drugs"), make_tag(slug="courts")
    ann, ben = make_author(slug="ann"), make_author(slug="ben")
    last_year = timezone.now() - timedelta(days=400)
    make_post(title="Bonds 1", tags=(drugs, courts), author=ann)
    make_post(title="Bonds 2", tags=(drugs,), author=ben)
    make_post(title="Bonds 3", tags=(drugs,), author=ann, published_at=last_year)
    make_post(title="Bonds 4", tags=(courts,), author=ann)
    index_all()
    asked = {"q": "bonds", "tag": "drugs", "author": "ann"}
    shown = client.get("/search/", asked).context["facets"]
    options = [option for facet in shown for option in facet["options"]]
    others = [option for option in options if not option["is_active"]]
    assert {option["label"] for option in options} >= {drugs.name, courts.name, ann.name, ben.name}
    for option in others:
        assert client.get(option["url"]).context["total"] == option["count"]


def test_very_much_is_said_to_be_more_and_its_facets_claim_no_counts(client, monkeypatch):
    monkeypatch.setattr(facets, "COUNTED", 3)
    for number in range(5):
        make_post(title=f"Bonds {number}", tags=(make_tag(),))
    index_all()
    context = client.get("/search/", {"q": "bonds"}).context
    assert (context["total"], context["total_is_bounded"], context["listed"]) == (3, True, 5)
    options = [option["count"] for facet in context["facets"] for option in facet["options"]]
    assert set(options) == {None}


def test_filters_narrow_and_facet_counts_are_what_a_click_gives(client):
    tag, author = make_tag(slug="drugs"), make_author(slug="ann")
    make_post(title="Drug courts", tags=(tag,), author=make_author())
    make_post(title="Drug pilots", tags=(tag, make_tag()), author=author)
    make_post(title="Drug prices")
    index_all()
    response = client.get("/search/", {"q": "drug"})
    assert response.context["facets"]
    for facet in response.context["facets"]:
        for option in facet["options"]:
            clicked = client.get(option["url"])
            assert clicked.context["total"] == option["count"]


def test_hits_are_marked_and_everything_else_is_escaped(client):
    make_post(title="T", body="<p>About &lt;b&gt;probation&lt;/b&gt; &amp; more</p>")
    index_all()
    page = client.get("/search/", {"q": "probation"}).content.decode()
    assert "<mark>probation</mark>" in page
    assert "&amp; more" in page
    assert "<b>" not in page


def test_control_characters_in_a_body_cannot_forge_a_hit(client):
    make_post(title="T", body="<p>Forged \x02here\x03 and probation there</p>")
    index_all()
    page = client.get("/search/", {"q": "probation"}).content.decode()
    assert page.count("<mark>") == 1


@pytest.mark.parametrize(
    "query",
    [
        "\x00", "'", "a" * 10_000, "word " * 2_000, "(((", '"', '"' * 2_000, "<script>", "& | ! :*",
        "%", "%s %(x)s", "\\", "-", "or or or", '-"" or', "-a -b -c", "監獄 制度", "🙂 🏴‍☠️", "سجن",
        "\u202eabc", "a1 " * 90, " ".join(map(str, range(60))), "x-y-z-" * 30, "'a':1A", "{} {0}",
    ],
)  # fmt: skip
def test_hostile_queries_get_an_ordinary_answer(client, query):
    make_post()
    index_all()
    response = client.get("/search/", {"q": query})
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_a_lone_surrogate_in_the_address_gets_an_ordinary_answer(client):
    assert client.get("/search/?q=%ED%A0%80probation%FF").status_code == 200


@pytest.mark.parametrize(
    "asked", [{"q": "a", "year": "20x"}, {"page": "x"}, {"sort": "?"}, {"year": "0000"}]
)
def test_impossible_parameters_count_for_nothing(client, asked):
    assert client.get("/search/", asked).status_code == 200


def test_a_word_nobody_wrote_is_looked_for_as_the_nearest_one_somebody_did(client):
    make_post(title="Probation and prisons")
    index_all()
    response = client.get("/search/", {"q": "probaton"})
    assert response.context["corrected"]["text"] == "probation"
    assert [post.title for post in response.context["page_obj"]] == ["Probation and prisons"]
    assert "No post mentions “probaton”" in response.content.decode()


def test_a_query_with_operators_gets_no_suggestion_that_drops_them(client):
    make_post(title="Probation and prisons")
    index_all()
    assert client.get("/search/", {"q": "probaton -prisons"}).context["did_you_mean"] is None


def test_an_empty_result_of_a_filter_offers_the_search_without_it(client):
    make_post(title="Probation")
    index_all()
    page = client.get("/search/", {"q": "probation", "tag": "nope"}).content.decode()
    assert 'href="/search/?q=probation"' in page


def test_within_a_topic_only_its_posts_are_found(client):
    tag = make_tag(slug="prisons")
    make_post(title="Inside probation", tags=(tag,))
    make_post(title="Outside probation")
    index_all()
    page = client.get("/tag/prisons/", {"q": "probation"}).context["page_obj"]
    assert [post.title for post in page] == ["Inside probation"]


def test_a_search_costs_six_queries_whatever_it_finds(client, django_assert_num_queries):
    for number in range(12):
        make_post(title=f"Probation {number}", tags=(make_tag(),), author=make_author())
    index_all()
    with django_assert_num_queries(6):
        client.get("/search/", {"q": "probation"})


def test_an_authors_count_holds_posts_alone_and_with_others(client):
    ann, ben = make_author(name="Ann"), make_author(name="Ben")
    make_post(title="Probation one", author=ann)
    CoAuthor.objects.create(post=make_post(title="Probation two", author=ben), author=ann)
    index_all()
    shown = client.get("/search/", {"q": "probation"}).context["facets"]
    counted = next(facet["options"] for facet in shown if facet["param"] == "author")
    assert [(option["label"], option["count"]) for option in counted] == [("Ann", 2), ("Ben", 1)]


def test_the_filters_in_force_are_chips_each_to_be_taken_off_alone(client):
    tag = make_tag(slug="prisons", name="Prisons")
    author = make_author(slug="ann", name="Ann")
    make_post(tags=(tag,), author=author)
    asked = {"q": "x", "tag": "prisons", "year": "2014", "author": "ann", "sort": "date"}
    chips = client.get("/search/", asked).context["chips"]
    assert [chip["label"] for chip in chips] == ["Topic: Prisons", "Year: 2014", "Author: Ann"]
    assert chips[1]["url"] == "/search/?q=x&tag=prisons&author=ann&sort=date"


def test_an_unknown_filter_is_a_chip_too_as_it_was_written(client):
    page = client.get("/search/", {"q": "x", "tag": "<b>"})
    assert page.context["chips"] == [{"label": "Topic: <b>", "url": "/search/?q=x"}]
    assert "Topic: &lt;b&gt;" in page.content.decode()


def test_other_words_are_searched_for_under_the_same_filters(client):
    page = client.get("/search/", {"q": "x", "tag": "prisons", "page": "1"}).content.decode()
    assert page.count('type="hidden" name="tag" value="prisons"') == 1
    assert 'type="hidden" name="page"' not in page


def test_topics_to_narrow_down_by_stand_under_their_kind(client):
    tags = (make_tag(kind="person"), make_tag(kind="theme"))
    make_post(title="Probation", tags=tags)
    make_post(title="Probation again", tags=tags)
    index_all()
    page = client.get("/search/", {"q": "probation"}).content.decode()
    facets = page[page.index('id="facets"') :]
    assert facets.index("Themes</h2>") < facets.index("People</h2>")


def test_a_search_is_not_indexed_and_each_page_has_its_own_title_and_address(client):
    for number in range(11):
        make_post(title=f"Probation {number}")
    index_all()
    page = client.get("/search/", {"q": "probation", "page": "2", "junk": "1"}).content.decode()
    assert "<title>“probation”, search, page 2 ·" in page
    assert 'href="http://testserver.test/search/?q=probation&amp;page=2"' in page
    assert '<meta name="robots" content="noindex, follow">' in page


def test_an_empty_result_says_what_to_do_next(client):
    make_post(title="The newest of all")
    page = client.get("/search/", {"q": "zzz"})
    shown = page.content.decode()
    assert [post.title for post in page.context["newest"]] == ["The newest of all"]
    assert 'href="/tags/"' in shown
    assert "spelled" in shown


@pytest.mark.parametrize("path", ["/search/", "/search/?q=zzz", "/opensearch.xml"])
def test_what_helps_to_search_is_about_no_subject(client, path):
    shown = client.get(path).content.decode().lower()
    assert not [word for word in ("reoffending", "impact bond") if word in shown]


def test_the_feed_of_a_search_holds_what_it_finds_the_newest_first(client):
    tag = make_tag(slug="prisons")
    make_post(title="Old probation", tags=(tag,), published_at=datetime(2014, 1, 1, tzinfo=UTC))
    make_post(title="New probation", tags=(tag,))
    make_post(title="Probation elsewhere")
    make_post(title="Draft of probation", tags=(tag,), status="draft")
    index_all()
    feed = client.get("/search/feed/", {"q": "probation", "tag": "prisons"})
    found = re.findall(r"<title>([^<]*probation)</title>", feed.content.decode())
    assert found == ["New probation", "Old probation"]
    assert feed["X-Robots-Tag"] == "noindex"
    assert "/search/?q=probation&amp;tag=prisons" in feed.content.decode()


def test_the_search_page_leads_to_its_feed_in_its_head_and_in_words(client):
    make_post(title="Probation")
    index_all()
    page = client.get("/search/", {"q": "probation", "sort": "date"}).content.decode()
    assert page.count('href="/search/feed/?q=probation"') == 2
    assert "/search/feed/" not in client.get("/search/").content.decode()


def test_the_feed_of_no_question_is_the_feed_of_all(client):
    assert client.get("/search/feed/")["Location"] == "/feed/"


@pytest.mark.parametrize("query", ["\x00", "a" * 10_000, "(((", "<script>", "%", "\\"])
def test_the_feed_of_a_hostile_question_is_an_ordinary_feed(client, query):
    assert client.get("/search/feed/", {"q": query}).status_code in {200, 302}


OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def test_the_opensearch_description_keeps_to_the_specification(client, settings):
    settings.SITE_NAME = (
        "A name of more than sixteen characters & <more>, in fact of more than fifty"
    )
    root = etree.fromstring(client.get("/opensearch.xml").content)
    values = {child.tag.removeprefix(OPENSEARCH): child.text or "" for child in root}
    longest = {"ShortName": 16, "LongName": 48, "Description": 1024}
    assert root.tag == f"{OPENSEARCH}OpenSearchDescription"
    assert all(0 < len(values[name]) <= most for name, most in longest.items())
    assert values["SyndicationRight"] in {"open", "limited", "private", "closed"}
    once = [name for name in values if name not in {"Url", "Image", "Query"}]
    assert all(len(root.findall(f"{OPENSEARCH}{name}")) == 1 for name in once)
    for image in root.findall(f"{OPENSEARCH}Image"):
        assert (image.text or "").startswith("http://testserver.test/static/")


def test_the_addresses_of_the_opensearch_description_answer(client):
    make_post(title="Probation")
    index_all()
    root = etree.fromstring(client.get("/opensearch.xml").content)
    for url in root.findall(f"{OPENSEARCH}Url"):
        template = url.attrib["template"].replace("{searchTerms}", "probation")
        response = client.get(template.replace("{startPage?}", ""))
        assert response.status_code == 200
        assert response["Content-Type"].startswith(url.attrib["type"])
