"""Merging and renaming tags: nothing is forgotten, nobody is lost, and it can be undone."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from posts import merging
from posts.models import FeaturedPost, Post, Redirect, Tag, TagAlias, TagChange
from posts.references import all_references
from tests.factories import make_post, make_staff, make_tag
from tests.posts.test_admin import form_data
from tests.subscriptions.factories import make_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CATALOGUE = """
SELECT conrelid::regclass::text, attname FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f' AND confrelid = 'posts_tag'::regclass
"""


def merge(target: Tag, *sources: Tag) -> TagChange:
    return merging.merge(target, sources, by=None, at=timezone.now())


def a_tag_in_use(**values) -> Tag:
    """Return a tag that every relation there is names."""
    tag = make_tag(**values)
    post = make_post(tags=(tag,), topic=tag)
    FeaturedPost.objects.create(tag=tag, post=post)
    TagAlias.objects.create(tag=tag, name=f"Also {tag}")
    tag.move_to(f"{tag.slug}-now")
    tag.save()
    tag.subtopics.add(make_tag())
    make_tag().subtopics.add(tag)
    make_subscriber().topics.add(tag)
    Redirect.objects.create(tag=tag, path=f"/old/{tag.pk}/")
    return tag


def test_no_foreign_key_of_the_database_is_forgotten():
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUE)
        in_postgres = set(cursor.fetchall())
    known = {(r.model._meta.db_table, r.field.column) for r in all_references()}
    assert known == in_postgres


def test_a_merge_moves_the_rows_of_every_relation():
    source, target = a_tag_in_use(), make_tag()
    before = {r.key: r.rows([source.pk]).count() for r in all_references()}
    assert all(before.values())  # Or this test would prove nothing about a new relation.
    merge(target, source)
    assert not Tag.objects.filter(pk=source.pk).exists()
    left_behind = {"posts.tagalias.tag": 1, "posts.tagslug.tag": 1}  # the name and the address
    for reference in all_references():
        moved = before[reference.key] + left_behind.get(reference.key, 0)
        assert reference.rows([target.pk]).count() == moved, reference.key


def test_several_tags_become_one_and_no_post_has_it_twice():
    one, two, target = make_tag(), make_tag(), make_tag()
    post = make_post(tags=(one, two))
    merge(target, one, two)
    assert list(post.tags.all()) == [target]


def test_a_subscriber_of_both_topics_is_asked_nothing_twice():
    source, target = make_tag(), make_tag()
    subscriber = make_subscriber()
    subscriber.topics.set([source, target])
    merge(target, source)
    assert list(subscriber.topics.all()) == [target]


def test_search_knows_the_merged_name_at_once(client):
    source, target = make_tag(name="Justice Ministry"), make_tag(name="Ministry of Justice")
    make_post(tags=(source,), body="<p>Nothing to find.</p>")
    merge(target, source)
    assert client.get("/search/", {"q": '"justice ministry"'}).context["total"] == 1


def test_related_posts_of_many_are_renewed_in_few_jobs(run_jobs):
    source, target = make_tag(), make_tag()
    posts = [make_post(tags=(source,)) for _ in range(60)]
    merge(target, source)
    assert not Post.objects.exclude(related_at=None).exists()
    assert run_jobs() == 2
    assert Post.objects.exclude(related_at=None).count() == len(posts)


def test_topics_above_and_below_cannot_become_one():
    top, middle, bottom = make_tag(), make_tag(name="Middle"), make_tag()
    top.subtopics.add(middle)
    middle.subtopics.add(bottom)
    with pytest.raises(merging.CannotMergeError, match="“Middle” would be both"):
        merge(top, bottom)
    assert Tag.objects.count() == 3


def test_the_preview_says_what_the_merge_then_does():
    source, target = a_tag_in_use(), a_tag_in_use()
    make_post(tags=(source, target))
    said = {line.label: line for line in merging.plan(target, [source]).lines}
    assert said["Posts filed under it"].moved == 1
    assert said["Posts filed under it"].doubled == 1
    assert said["Topics of subscribers"].moved == 1
    change = merge(target, source)
    done = {row["of"]: row for row in change.data["rows"]}["posts.taggedpost.tag"]
    assert len(done["moved"][str(source.pk)]) == len(done["twins"]) == 1


@pytest.mark.parametrize(
    ("end", "new_end"),
    [
        ("", ""),
        ("page/2/", "page/2/"),
        ("page/1/", ""),  # Page one has one address.
        ("feed/", "feed/"),
        ("?q=parole", "?q=parole"),
    ],
)
def test_a_merged_tags_addresses_lead_to_the_new_ones(client, end, new_end):
    source, target = make_tag(slug="moj"), make_tag(slug="ministry")
    make_post(tags=(source,))
    merge(target, source)
    response = client.get(f"/tag/moj/{end}")
    assert response.status_code == 301
    assert response["Location"] == f"/tag/ministry/{new_end}"
    assert response["Cache-Control"] == "no-cache"  # Or browsers would not see the undo.


def test_a_wordpress_category_of_a_merged_tag_leads_to_the_one_that_stayed(client):
    source, target = make_tag(slug="moj"), make_tag(slug="ministry")
    make_post(tags=(source,))
    merge(target, source)
    assert client.get("/category/moj/")["Location"] == "/tag/ministry/"


def test_there_are_no_chains_of_redirects(client):
    first, second, third = make_tag(slug="one"), make_tag(slug="two"), make_tag(slug="three")
    make_post(tags=(first,))
    merge(second, first)
    merge(third, second)
    assert client.get("/tag/one/")["Location"] == "/tag/three/"


def test_a_live_tag_wins_over_an_old_address(client):
    source, target = make_tag(slug="moj"), make_tag()
    make_post(tags=(source,))
    merge(target, source)
    make_post(tags=(make_tag(slug="moj"),))
    assert client.get("/tag/moj/").status_code == 200


def test_an_old_address_does_not_name_a_tag_of_drafts_alone(client):
    source, target = make_tag(slug="moj"), make_tag()
    make_post(tags=(source,), status="draft")
    merge(target, source)
    assert client.get("/tag/moj/").status_code == 404


def test_a_live_tag_costs_no_query_for_old_addresses(client, django_assert_num_queries):
    make_post(tags=(make_tag(slug="moj"),))
    with django_assert_num_queries(6) as captured:
        client.get("/tag/moj/")
    assert not any("posts_tagslug" in query["sql"] for query in captured)


def test_a_sign_up_by_an_old_address_gets_the_topic_of_today():
    source, target = make_tag(slug="moj"), make_tag(slug="ministry")
    merge(target, source)
    assert list(Tag.objects.at(["moj", "ministry"])) == [target]


def test_a_form_open_during_the_merge_saves_the_tag_that_stayed(client):
    client.force_login(make_staff())
    source, target = make_tag(), make_tag()
    post = make_post(slug="a-title", status="draft", tags=(source,))
    data = form_data(post, tags=[source.pk])
    merge(target, source)
    client.post(reverse("admin:posts_post_change", args=[post.pk]), data)
    assert list(post.tags.all()) == [target]


def test_the_page_changes_nothing_before_it_is_confirmed(client):
    client.force_login(make_staff())
    source, target = make_tag(name="Courts"), make_tag(name="Tribunals")
    asked = {"tags": [source.pk], "into": target.pk}
    page = client.get(reverse("admin:posts_tag_merge"), asked).content.decode()
    assert "Merging “Courts” into “Tribunals”" in page
    assert Tag.objects.count() == 2
    client.post(reverse("admin:posts_tag_merge"), asked)
    assert list(Tag.objects.all()) == [target]
    assert TagChange.objects.get().made_by == User.objects.get()


def make_curator(*codenames: str) -> User:
    user = User.objects.create_user("curator", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (["view_tag"], 403),
        (["view_tag", "change_tag"], 403),  # A merge deletes.
        (["view_tag", "delete_tag"], 403),
        (["view_tag", "change_tag", "delete_tag"], 302),
    ],
)
def test_merging_and_undoing_need_both_permissions(client, permissions, status):
    source, target = make_tag(), make_tag()
    change = merge(target, make_tag())
    client.force_login(make_curator(*permissions))
    undone = client.post(reverse("admin:posts_tagchange_undo", args=[change.pk]))
    merged = client.post(reverse("admin:posts_tag_merge"), {"tags": [source.pk], "into": target.pk})
    assert (undone.status_code, merged.status_code) == (status, status)
    change.refresh_from_db()
    assert bool(change.undone_at) == (not Tag.objects.filter(pk=source.pk).exists())


def test_the_log_cannot_be_written_by_hand(client):
    client.force_login(make_staff())
    change = merge(make_tag(), make_tag())
    assert client.get(reverse("admin:posts_tagchange_add")).status_code == 403
    page = client.get(reverse("admin:posts_tagchange_change", args=[change.pk])).content.decode()
    assert "Undo…" in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("number", ["\x00", "²", "abc", "9" * 5000])
def test_a_merge_of_what_is_no_tag_is_refused_in_words(client, number):
    client.force_login(make_staff())
    tag = make_tag(name="Kept")
    for query in (
        {"tags": tag.pk, "into": number},
        {"tags": number, "into": tag.pk},
        {"tags": number},
    ):
        assert client.get(reverse("admin:posts_tag_merge"), query).status_code == 200
