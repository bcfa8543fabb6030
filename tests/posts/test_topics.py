"""Tags as an editor curates them, and the topic pages readers get."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.urls import reverse

from posts.models import FeaturedPost, Tag, TagAlias
from posts.tagnames import Alikeness, known_names
from tests.factories import make_post, make_staff, make_tag

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def editor(client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def form_data(tag: Tag | None = None, **changes) -> dict:
    data = {"kind": "theme", "name": tag.name if tag else "Courts",
            "slug": tag.slug if tag else "courts"}  # fmt: skip
    for name in ("aliases", "featured_posts"):
        data |= {f"{name}-TOTAL_FORMS": 0, f"{name}-INITIAL_FORMS": 0}
    return data | changes


def save(client, tag: Tag | None = None, **changes) -> str:
    """Return the page after saving the tag's form."""
    name, args = ("change", [tag.pk]) if tag else ("add", [])
    url = reverse(f"admin:posts_tag_{name}", args=args)
    answer = client.post(url, form_data(tag, **changes), follow=True)
    return str(answer.content.decode())


def alias_data(*names: str) -> dict:
    data = {f"aliases-{number}-name": name for number, name in enumerate(names)}
    return {"aliases-TOTAL_FORMS": len(names), **data}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("probation", "There is already a tag “Probation”."),  # only cased differently
        (" Probation ", "There is already a tag “Probation”."),
        ("moj", "“moj” is another name of “Ministry of Justice”."),
    ],
)
def test_a_name_that_is_taken_is_refused_with_whose_it_is(client, editor, name, said):
    make_tag(name="Probation")
    TagAlias.objects.create(tag=make_tag(name="Ministry of Justice"), name="MoJ")
    assert said in save(client, name=name)
    assert Tag.objects.count() == 2


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("probation", "“probation” is a tag itself."),
        ("MOJ", "“MOJ” is another name of “Ministry of Justice” already."),
    ],
)
def test_another_name_that_is_taken_is_refused_with_whose_it_is(client, editor, alias, said):
    make_tag(name="Probation")
    TagAlias.objects.create(tag=make_tag(name="Ministry of Justice"), name="MoJ")
    tag = make_tag()
    assert said in save(client, tag, **alias_data(alias))
    assert not tag.aliases.exists()


def test_the_same_other_name_twice_in_one_form_is_refused(client, editor):
    assert "stands here twice" in save(client, make_tag(), **alias_data("HMI", "hmi"))


def test_postgres_too_keeps_names_apart_whatever_their_case():
    make_tag(name="Probation")
    with pytest.raises(IntegrityError):
        make_tag(name="PROBATION")


@pytest.mark.parametrize(
    ("name", "other", "is_alike"),
    [
        ("Probation Services", "Probation Service", True),
        ("Jobs & Friends", "Jobs and Friends", True),
        ("The National Audit Office", "National Audit Office", True),
        ("Section 28", "Section 29", False),  # Another number is another thing.
        ("Prisons", "Probation", False),
        ("SIB", "SIR", False),  # Of three letters one is too much.
    ],
)
def test_names_alike(name, other, is_alike):
    make_tag(name=other)
    assert bool(Alikeness(known_names()).nearest(name)) == is_alike


def test_a_name_nearly_like_another_is_saved_with_a_warning(client, editor):
    make_tag(name="Probation Service")
    page = save(client, name="Probation Services", slug="probation-services")
    assert "There is already “Probation Service”" in page
    assert Tag.objects.filter(name="Probation Services").exists()


def test_renaming_in_the_form_keeps_the_old_name_and_address(client, editor):
    tag = make_tag(name="NOMS", slug="noms")
    make_post(tags=(tag,))
    save(client, tag, name="HMPPS", slug="hmpps", keeps_name="on", **alias_data("NOMS"))
    assert [alias.name for alias in tag.aliases.all()] == ["NOMS"]
    assert client.get("/tag/noms/")["Location"] == "/tag/hmpps/"
    assert client.get("/search/", {"q": "hmpps"}).context["total"] == 1


def test_the_old_name_goes_when_the_editor_says_so(client, editor):
    tag = make_tag(name="Tpyo")
    save(client, tag, name="Typo")
    assert not tag.aliases.exists()


@pytest.mark.parametrize("variable", ["{{ posts }}", "{{postcount}}", "{{ <b>post_count</b> }}"])
def test_an_unknown_variable_is_refused_by_its_name(client, editor, variable):
    page = save(client, introduction=f"<p>There are {variable} posts.</p>")
    assert "means nothing here" in page
    assert not Tag.objects.exists()


@pytest.mark.parametrize(
    "variable", ["{{ post_count }}", "{{post_count}}", "{{&nbsp;post_count&nbsp;}}"]
)
def test_the_live_count_may_be_spelled_with_or_without_spaces(client, variable):
    tag = make_tag(slug="courts", introduction=f"<p>{variable} posts about courts.</p>")
    make_post(tags=(tag,))
    assert "<p>1 posts about courts.</p>" in client.get("/tag/courts/").content.decode()


def test_a_circle_of_narrower_topics_is_refused(client, editor):
    top, middle, bottom = make_tag(name="Top"), make_tag(), make_tag(name="Bottom")
    top.subtopics.add(middle)
    middle.subtopics.add(bottom)
    page = save(client, bottom, subtopics=[top.pk])
    assert "“Top” cannot be narrower than “Bottom”" in page
    assert "narrower than itself" in save(client, top, subtopics=[top.pk])


def test_an_address_has_plain_letters(client, editor):
    assert "only the letters a to z" in save(client, name="Café", slug="café")
    assert Tag.objects.create(name="Café").slug == "cafe"


def feature(tag: Tag, *posts) -> None:
    for position, post in enumerate(posts):
        FeaturedPost.objects.create(tag=tag, post=post, position=position)


def test_featured_posts_stand_above_page_one_in_the_editors_order(client):
    tag = make_tag(slug="courts")
    first, second = make_post(tags=(tag,)), make_post(tags=(tag,))
    feature(tag, second, first)
    page = client.get("/tag/courts/")
    assert page.context["featured"] == [second, first]
    assert "featured-heading" in page.content.decode()


def test_a_featured_post_is_not_repeated_in_the_list_and_the_count_stays_right(client):
    tag = make_tag(slug="courts", introduction="<p>{{ post_count }} posts</p>")
    posts = [make_post(tags=(tag,)) for _ in range(12)]
    feature(tag, posts[0])
    first, second = client.get("/tag/courts/"), client.get("/tag/courts/page/2/")
    listed = [*first.context["page_obj"], *second.context["page_obj"]]
    assert sorted(post.pk for post in [*listed, posts[0]]) == sorted(post.pk for post in posts)
    assert "12 posts" in first.content.decode()
    assert "featured-heading" not in second.content.decode()


@pytest.mark.parametrize("status", ["draft", "withdrawn"])
def test_a_featured_post_that_is_not_public_is_not_shown(client, status):
    tag = make_tag(slug="courts")
    make_post(tags=(tag,))
    feature(tag, make_post(tags=(tag,), status=status, title="Hidden"))
    assert "Hidden" not in client.get("/tag/courts/").content.decode()


def test_a_topic_of_featured_posts_alone_shows_them(client):
    tag = make_tag(slug="courts")
    post = make_post(tags=(tag,), title="The only one")
    feature(tag, post)
    page = client.get("/tag/courts/").content.decode()
    assert page.count("The only one") == 1


def test_a_search_within_the_topic_finds_featured_posts_too(client):
    tag = make_tag(slug="courts")
    post = make_post(tags=(tag,), title="Magistrates")
    post.reindex()
    feature(tag, post)
    found = client.get("/tag/courts/", {"q": "magistrates"})
    assert list(found.context["page_obj"]) == [post]


def test_the_list_finds_a_tag_by_another_name(client, editor):
    TagAlias.objects.create(tag=make_tag(name="Ministry of Justice"), name="MoJ")
    make_tag(name="Something else")
    page = client.get(reverse("admin:posts_tag_changelist"), {"q": "moj"})
    assert [tag.name for tag in page.context["cl"].result_list] == ["Ministry of Justice"]


@pytest.mark.parametrize(("value", "names"), [("none", ["Bare"]), ("hidden", ["Bare", "Drafts"])])
def test_the_list_shows_tags_without_posts(client, editor, value, names):
    make_tag(name="Bare")
    make_post(tags=(make_tag(name="Drafts"),), status="draft")
    make_post(tags=(make_tag(name="Used"),))
    page = client.get(reverse("admin:posts_tag_changelist"), {"posts": value})
    assert [tag.name for tag in page.context["cl"].result_list] == names


def test_the_list_hints_at_tags_called_nearly_the_same(client, editor):
    make_tag(name="Probation Service")
    make_tag(name="Probation Services")
    page = client.get(reverse("admin:posts_tag_changelist")).content.decode()
    assert "Merge with “Probation Services”?" in page


def test_the_list_costs_the_same_whatever_its_tags_are_called(
    client, editor, django_assert_max_num_queries
):
    url = reverse("admin:posts_tag_changelist")
    counts = []
    for number in (10, 90):
        for _ in range(number):
            tag = make_tag()
            TagAlias.objects.create(tag=tag, name=f"Also {tag}")
            make_post(tags=(tag,))
        with django_assert_max_num_queries(12) as captured:
            client.get(url)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_tag_list_says_what_is_in_the_header_and_marks_no_other(client):
    client.force_login(make_staff())
    make_tag(is_in_navigation=True)
    make_tag()
    page = client.get(reverse("admin:posts_tag_changelist")).content.decode()
    assert page.count('<td class="field-in_header">Yes</td>') == 1
    assert page.count('<td class="field-in_header"></td>') == 1
