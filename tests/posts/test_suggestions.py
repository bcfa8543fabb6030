"""Tags suggested from the text and from similar posts: the right ones, quickly, with reasons."""

import pytest
from django.urls import reverse

from posts import search, suggestions
from posts.models import RelatedPost, TagAlias
from posts.suggestions import Index, Text, suggest
from posts.tagnames import Name
from tests.factories import make_owner, make_post, make_staff, make_tag

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NAMES = [
    Name(1, "Ministry of Justice", "Ministry of Justice", "organisation"),
    Name(1, "MoJ", "Ministry of Justice", "organisation"),
    Name(2, "Justice", "Justice", "theme"),
    Name(3, "IT", "IT", "item"),
    Name(4, "A&E", "A&E", "item"),
    Name(5, "Through the Gate", "Through the Gate", "item"),
    Name(6, "St Mungo's", "St Mungo's", "organisation"),
    Name(7, "Prison", "Prison", "theme"),
]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("The ministry of justice said", {1}),  # In any case, and the longest name wins.
        ("The MoJ’s plan", {1}),  # The s of possession belongs to no name.
        ("the moj plan", set()),  # A short name in capitals counts in its capitals only.
        ("It is it", set()),
        ("Its IT failed", {3}),
        ("imprisoned prisoners", set()),  # Whole words only.
        ("Waiting in A&E", {4}),
        ("a through-the-gate service", {5}),
        ("at St Mungo’s hostels", {6}),
        ("Ministry of. Justice", {2}),  # A name does not run over a full stop.
        ("(prison)", {7}),
    ],
)
def test_names_found_in_a_text(text, tags):
    assert set(Index(NAMES).mentions(text)) == tags


class CountedDict(dict):
    looked_up = 0

    def get(self, *args):
        CountedDict.looked_up += 1
        return super().get(*args)


def test_the_work_is_bounded_by_the_text_however_nasty_the_names():
    # Each word of the text begins a name of every length, none of which it completes.
    names = [Name(n, "a " * n + "b", f"Tag {n}", "theme") for n in range(1, 60)]
    index = Index(names)
    index.names = CountedDict(index.names)
    index.mentions("a " * 5_000)
    assert CountedDict.looked_up <= 5_000 * suggestions.LONGEST_NAME


def test_what_is_behind_the_limit_is_not_read():
    text = "word " * suggestions.MOST_WORDS + "prison"
    assert not Index(NAMES).mentions(text)


def test_a_suggestion_says_why():
    ministry = make_tag(name="Ministry of Justice")
    TagAlias.objects.create(tag=ministry, name="MoJ")
    make_tag(name="Probation")
    found = suggest(Text("Probation now", "MoJ, MoJ, MoJ and probation"))
    assert [(one.name, one.reason) for one in found] == [
        ("Probation", "named in the title, 2 times"),
        ("Ministry of Justice", "named as MoJ, 3 times"),
    ]


def test_tags_of_the_stored_related_posts_are_suggested():
    tag, post = make_tag(name="Courts"), make_post()
    for position, other in enumerate([make_post(tags=(tag,)), make_post(tags=(tag,))], 1):
        RelatedPost.objects.create(post=post, related=other, position=position, score=1)
    found = suggest(Text("Nothing"), post=post)
    assert [(one.name, one.reason) for one in found] == [("Courts", "on 2 similar posts")]


def test_an_unsaved_text_is_compared_with_the_newest_posts():
    tag = make_tag(name="Courts")
    posts = [make_post(tags=(tag,), body="<p>Magistrates sentencing</p>") for _ in range(3)]
    search.index([post.pk for post in posts])
    found = suggest(Text("Sentencing", "What magistrates think of sentencing"))
    assert [(one.name, one.reason) for one in found] == [("Courts", "on 3 similar posts")]


def test_posts_are_alike_however_their_words_are_spelled():
    tag = make_tag(name="Courts")
    posts = [make_post(tags=(tag,), title=f"Re-offending {number}") for number in range(2)]
    search.index([post.pk for post in posts])
    assert [one.name for one in suggest(Text("Reoffending"))] == ["Courts"]


def test_a_draft_of_somebody_is_not_similar_to_anything():
    tag = make_tag()
    posts = [make_post(tags=(tag,), status="draft", title="Magistrates") for _ in range(3)]
    search.index([post.pk for post in posts])
    assert suggest(Text("Magistrates")) == []


def test_chosen_tags_are_left_out():
    tag = make_tag(name="Probation")
    assert suggest(Text("Probation"), chosen={tag.pk}) == []


@pytest.mark.parametrize("nasty", ["\x00", "'; --", "\\' | &", "🙂 🙂", "<<<<", "{" * 1000])
def test_hostile_text_gets_an_ordinary_answer(client, nasty):
    client.force_login(make_staff())
    response = client.post(reverse("admin:posts_post_suggestions"), {"title": nasty, "body": nasty})
    assert response.json() == {"suggestions": []}


def test_suggestions_cost_the_same_whatever_is_found(django_assert_max_num_queries):
    for number in range(30):
        make_post(tags=(make_tag(name=f"Name {number}"),))
    with django_assert_max_num_queries(4):
        suggest(Text("Title", " ".join(f"Name {number}." for number in range(30))))


def test_the_unsaved_form_is_what_is_read(client):
    client.force_login(make_staff())
    tag, post = make_tag(name="Probation"), make_post(body="<p>Nothing yet.</p>")
    typed = {"post": post.pk, "body": "<p>About <b>probation</b></p>", "tags": []}
    answer = client.post(reverse("admin:posts_post_suggestions"), typed).json()
    assert [one["id"] for one in answer["suggestions"]] == [tag.pk]


@pytest.mark.parametrize(("status", "code"), [("draft", 200), ("published", 403)])
def test_only_who_may_change_the_post_is_answered(client, status, code):
    post = make_post(status=status)
    client.force_login(make_owner(post))
    response = client.post(reverse("admin:posts_post_suggestions"), {"post": post.pk})
    assert response.status_code == code


@pytest.mark.parametrize("post", ["999999", "x"])
def test_a_post_that_is_not_there_is_refused(client, post):
    client.force_login(make_staff())
    response = client.post(reverse("admin:posts_post_suggestions"), {"post": post})
    assert response.status_code == 403


def test_the_saved_posts_suggestions_can_be_had_without_a_script(client):
    client.force_login(make_staff())
    tag, post = make_tag(name="Probation"), make_post()
    change = reverse("admin:posts_post_change", args=[post.pk])
    page = client.get(change).content.decode()
    assert '<noscript><p><a href="?suggest=1#tag-suggestions">' in page
    page = client.get(change, {"suggest": 1}).content.decode()
    assert f'<input type="checkbox" name="tags" value="{tag.pk}">' in page
    assert '<span class="quiet">named</span>' in page


@pytest.mark.parametrize("number", ["\x00", "²", "٣", "9" * 5000])
def test_numbers_that_are_none_are_no_tags_and_no_post(client, number):
    client.force_login(make_staff())
    url = reverse("admin:posts_post_suggestions")
    assert client.post(url, {"title": "Words", "tags": number}).status_code == 200
    assert client.post(url, {"title": "Words", "post": number}).status_code == 403
