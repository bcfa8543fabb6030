"""Topic pages: what is filed together, several topics at once, and the index of tags."""

from datetime import UTC, datetime

import pytest

from posts import search, tagindex
from posts.models import CoAuthor, Post, Tag, TagSlug
from tests.factories import make_author, make_post, make_tag

pytestmark = pytest.mark.django_db


def file_posts(number: int, *tags: Tag, **values) -> list[Post]:
    return [make_post(tags=tags, **values) for _ in range(number)]


def titles(response) -> set[str]:
    return {post.title for post in response.context["page_obj"]}


def test_an_intersection_lists_the_posts_that_have_all_its_tags(client):
    a, b, c = make_tag(slug="a"), make_tag(slug="b"), make_tag(slug="c")
    file_posts(2, a)
    file_posts(1, b)
    make_post(title="Two", tags=(a, b))
    make_post(title="Three", tags=(a, b, c))
    make_post(title="Draft", tags=(a, b, c), status="draft")
    two, three = client.get("/tag/a+b/"), client.get("/tag/a+b+c/")
    assert (titles(two), titles(three)) == ({"Two", "Three"}, {"Three"})
    assert "2 posts are filed under both topics." in two.content.decode()
    assert "1 post is filed under all three topics." in three.content.decode()


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/tag/b+a/", "/tag/a+b/"),
        ("/tag/a+b+a/", "/tag/a+b/"),
        ("/tag/a+a/", "/tag/a/"),
        ("/tag/b+a/page/2/?x=1", "/tag/a+b/page/2/?x=1"),
        ("/tag/a+b/page/1/", "/tag/a+b/"),
        ("/tag/old+b/?q=word", "/tag/a+b/?q=word"),
        ("/tag/b+old/", "/tag/a+b/"),
        ("/tag/a+old/", "/tag/a/"),
    ],
)
def test_an_intersection_has_one_address(client, asked, target):
    a, b = make_tag(slug="a"), make_tag(slug="b")
    TagSlug.objects.create(tag=a, slug="old")
    file_posts(1, a, b)
    response = client.get(asked)
    assert (response.status_code, response["Location"]) == (301, target)


@pytest.mark.parametrize(
    "path",
    [
        *("/tag/a+none/", "/tag/a+alone/", "/tag/a+drafts/", "/tag/drafts+a/", "/tag/a+b+c+d/"),
        *("/tag/a++b/", "/tag/a+b/page/9/", "/tag/a+b/page/0/"),
        *(f"/tag/a+b/page/{'9' * 5000}/", f"/tag/{'a+' * 2000}b+c+d/", "/tag/a+b%00/"),
    ],
)
def test_an_intersection_that_is_empty_or_makes_no_sense_is_404(client, path):
    tags = [make_tag(slug=slug) for slug in "abcd"]
    file_posts(1, *tags)
    file_posts(1, make_tag(slug="alone"))
    make_post(tags=(tags[0], make_tag(slug="drafts")), status="draft")
    assert client.get(path).status_code == 404


def test_each_tag_can_be_dropped_by_its_chip(client):
    tags = [make_tag(slug=slug, name=slug.upper()) for slug in "abc"]
    file_posts(1, *tags)
    chips = client.get("/tag/a+b+c/").context["chips"]
    assert chips[1] == {"label": "B", "url": "/tag/a+c/"}
    chips = client.get("/tag/a+b/").context["chips"]
    assert [chip["url"] for chip in chips] == ["/tag/b/", "/tag/a/"]


def test_a_search_within_an_intersection_keeps_to_it(client):
    a, b = make_tag(slug="a"), make_tag(slug="b")
    for tags, title in (((a, b), "Inside probation"), ((a,), "Outside probation")):
        make_post(title=title, tags=tags).reindex()
    response = client.get("/tag/a+b/", {"q": "probation"})
    assert titles(response) == {"Inside probation"}
    assert "<mark>probation</mark>" in response.content.decode()
    assert 'content="noindex' in response.content.decode()
    assert client.get("/tag/a+b/", {"q": "nothing"}).status_code == 200


@pytest.mark.parametrize(("number", "is_indexed"), [(9, False), (10, True)])
def test_an_intersection_is_indexed_from_a_page_of_posts_on(client, number, is_indexed):
    file_posts(number, make_tag(slug="a"), make_tag(slug="b"))
    page = client.get("/tag/a+b/").content.decode()
    assert ('content="noindex' not in page) is is_indexed


def test_the_sign_up_of_an_intersection_is_for_its_topics(client):
    file_posts(1, make_tag(slug="a", name="Ay"), make_tag(slug="b", name="Bee"))
    page = client.get("/tag/a+b/").content.decode()
    assert "Hear about Ay and Bee by e-mail" in page
    assert page.count('type="hidden" name="tags"') == 2


def test_what_is_often_filed_together_is_counted_and_leads_to_the_intersection(client):
    topic = make_tag(slug="topic")
    rare, common = make_tag(name="Rare", slug="rare"), make_tag(name="Common", slug="common")
    once = make_tag(name="Once")
    file_posts(3, topic, rare, common)
    file_posts(1, topic, once)
    file_posts(30, common)
    make_post(tags=(topic, rare), status="draft")
    shown = client.get("/tag/topic/").context["besides"].tags
    assert [(option.label, option.count) for option in shown] == [("Rare", 3), ("Common", 3)]
    for option in shown:
        assert client.get(option.url).context["post_count"] == option.count


def test_a_narrower_topic_is_not_named_twice(client):
    topic, narrower = make_tag(slug="topic"), make_tag(name="Narrower")
    topic.subtopics.add(narrower)
    file_posts(2, topic, narrower)
    assert client.get("/tag/topic/").context["besides"].tags == []


def test_years_and_authors_of_a_topic_lead_to_what_they_count(client):
    topic = make_tag(slug="topic")
    ann, ben = make_author(name="Ann"), make_author(name="Ben")
    both = make_post(tags=(topic,), author=ann, published_at=datetime(2013, 5, 1, 10, tzinfo=UTC))
    CoAuthor.objects.create(post=both, author=ben)
    file_posts(2, topic, author=ben, published_at=datetime(2014, 1, 1, 0, 30, tzinfo=UTC))
    make_post(tags=(topic,), author=ann, status="draft")
    search.index(Post.objects.values_list("pk", flat=True))
    besides = client.get("/tag/topic/").context["besides"]
    assert [(year.label, year.count) for year in besides.years] == [("2014", 2), ("2013", 1)]
    assert [(one.label, one.count) for one in besides.authors] == [("Ben", 3), ("Ann", 1)]
    for option in [*besides.years, *besides.authors]:
        assert client.get(option.url).context["total"] == option.count


def test_of_a_large_topic_the_newest_posts_are_counted(client, monkeypatch):
    monkeypatch.setattr("posts.cooccurrence.READ", 3)
    topic, old, new = make_tag(slug="topic"), make_tag(name="Old"), make_tag(name="New")
    file_posts(3, topic, old)
    file_posts(3, topic, new)
    response = client.get("/tag/topic/")
    assert [option.label for option in response.context["besides"].tags] == ["New"]
    assert response.context["besides"].years == []
    assert "among the newest" in response.content.decode()


@pytest.mark.parametrize("path", ["/tag/a/", "/tag/a+b/", "/tag/a+b/page/2/", "/tag/a/?q=body"])
def test_a_topic_page_costs_six_queries_at_most_however_much_is_filed(
    client, path, django_assert_max_num_queries
):
    a, b = make_tag(slug="a"), make_tag(slug="b")
    counts = []
    for _ in range(2):
        for post in file_posts(11, a, b, make_tag(), author=make_author()):
            post.reindex()
        with django_assert_max_num_queries(7) as captured:
            assert client.get(path).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 6


def test_a_short_index_shows_every_tag_by_kind(client):
    for name, kind in (("beta", "theme"), ("Alpha", "theme"), ("Ann", "person")):
        file_posts(1, make_tag(name=name, kind=kind))
    make_tag(name="Unused")
    response = client.get("/tags/")
    shown = [
        (kind["label"], [tag.name for tag in kind["tags"]]) for kind in response.context["kinds"]
    ]
    assert shown == [("Themes", ["Alpha", "beta"]), ("People", ["Ann"])]
    assert response.context["letters"] == []


def test_a_long_index_shows_the_most_used_and_the_way_to_each_letter(client, monkeypatch):
    monkeypatch.setattr(tagindex, "WHOLE", 3)
    monkeypatch.setattr(tagindex, "MOST_USED", 2)
    for number, name in enumerate(("Beta", "Alpha", "alloy", "Écosse", "18F")):
        file_posts(number + 1, make_tag(name=name))
    response = client.get("/tags/")
    (kind,) = response.context["kinds"]
    assert [tag.name for tag in kind["tags"]] == ["18F", "Écosse"]
    assert "the 2 most used of 5" in response.content.decode()
    assert [one["label"] for one in response.context["letters"]] == ["0-9", "A", "B"]
    letters = [client.get(one["url"]).context for one in response.context["letters"]]
    named = [[tag.name for tag in page["kinds"][0]["tags"]] for page in letters]
    assert named == [["18F", "Écosse"], ["alloy", "Alpha"], ["Beta"]]


@pytest.mark.parametrize("path", ["/tags/q/", "/tags/A/", "/tags/aa/", "/tags/é/"])
def test_a_letter_without_tags_is_404(client, path):
    file_posts(1, make_tag(name="Alpha"))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/tags/", "/tags/t/"])
def test_the_index_costs_three_queries_at_most(client, path, django_assert_max_num_queries):
    for number in (5, 10):
        for _ in range(number):
            file_posts(1, make_tag())
        with django_assert_max_num_queries(3):
            assert client.get(path).status_code == 200


@pytest.mark.parametrize(("number", "said"), [(1, "1 post"), (2, "2 posts")])
def test_a_topic_without_an_introduction_says_how_many_posts_it_has(client, number, said):
    file_posts(number, make_tag(slug="topic", description="About it."))
    assert f"<p>{said}</p>" in client.get("/tag/topic/").content.decode()
