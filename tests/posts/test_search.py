"""Full-text search: ranked, safe, fast on anything."""

import re
from datetime import UTC, datetime

import pytest
from lxml import etree

from posts import search
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
    ["\x00", "'", "a" * 10_000, "word " * 2_000, "(((", '"', "<script>", "& | ! :*", "%", "\\"],
)
def test_hostile_queries_get_an_ordinary_answer(client, query):
    make_post()
    index_all()
    response = client.get("/search/", {"q": query})
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


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
    facets = client.get("/search/", {"q": "probation"}).context["facets"]
    counted = next(facet["options"] for facet in facets if facet["param"] == "author")
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
