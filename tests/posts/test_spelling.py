"""Words misspelled, run together or parted: what the archive knows instead."""

import pytest

from posts import search
from posts.models import Post
from tests.factories import make_post, make_tag

pytestmark = pytest.mark.django_db


def asked(client, query: str):
    search.index(Post.objects.values_list("pk", flat=True))
    return client.get("/search/", {"q": query}).context


@pytest.mark.parametrize(
    "query",
    ["probution", "probaton", "probattion", "prboation", "Probatoin", "robation", "probations"],
    ids=["wrong", "missing", "added", "exchanged", "end", "first", "form"],
)
def test_a_word_with_a_letter_wrong_finds_the_post_at_once(client, query):
    make_post(title="Probation", body="")
    assert [post.title for post in asked(client, query)["page_obj"]] == ["Probation"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("socialimpact bonds", "social impact bonds"),
        ("socal impact bonds", "social impact bonds"),
        ("bnods -prison", "bonds -prison"),
    ],
    ids=["run together", "one of several", "operators stay"],
)
def test_what_was_looked_for_instead_is_said(client, query, text):
    make_post(title="Social impact bonds", body="")
    corrected = asked(client, query)["corrected"]
    assert corrected["text"] == text
    assert client.get(corrected["url"]).context["corrected"] is None


def test_two_words_that_are_one_find_it(client):
    make_post(title="Probation", body="")
    context = asked(client, "pro bation")
    assert [post.title for post in context["page_obj"]] == ["Probation"]


def test_a_name_of_a_tag_is_known_as_well(client):
    make_post(title="Report", tags=(make_tag(name="Doncaster"),), body="")
    assert asked(client, "doncastr")["corrected"]["text"] == "doncaster"


def test_a_misspelling_somebody_made_is_answered_and_the_common_word_offered(client):
    make_post(title="Probaton", body="")
    for number in range(10):
        make_post(title=f"Probation {number}", body="")
    context = asked(client, "probaton")
    assert [post.title for post in context["page_obj"]] == ["Probaton"]
    assert context["did_you_mean"]["text"] == "probation"


def test_a_word_as_common_as_its_neighbour_is_left_alone(client):
    make_post(title="Form", body="")
    make_post(title="From", body="")
    context = asked(client, "form")
    assert (context["corrected"], context["did_you_mean"]) == (None, None)


@pytest.mark.parametrize("status", ["draft", "review", "withdrawn"])
def test_no_word_is_suggested_that_only_an_unpublished_post_holds(client, status):
    make_post(title="Peterborough", status=status, body="")
    make_post(title="Prisons", body="")
    context = asked(client, "peterboro prisons peterborogh")
    assert context["corrected"] is None
    assert "Peterborough" not in str(context["did_you_mean"])


def test_a_word_nobody_wrote_is_left_out_on_offer(client):
    make_post(title="Probation", body="")
    context = asked(client, "xyzzyqwert probation")
    assert (context["total"], context["did_you_mean"]["text"]) == (0, "probation")


@pytest.mark.parametrize("query", ["don't", "don’t", "what isn't done"])
def test_a_word_of_grammar_is_not_mistaken_for_another(client, query):
    for number in range(3):
        make_post(title=f"Done {number}", body="What was done, in this.")
    assert not asked(client, query)["did_you_mean"]
