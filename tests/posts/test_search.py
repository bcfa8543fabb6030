"""Full-text search: ranked, safe, fast on anything."""

import pytest

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
