"""Renaming tags, and taking back a merge or a renaming as far as nobody changed things since."""

import pytest
from django.utils import timezone

from posts import merging, undoing
from posts.models import Post, Tag, TagAlias, TagChange
from posts.references import all_references
from tests.factories import make_post, make_tag
from tests.posts.test_merging import a_tag_in_use, merge

pytestmark = pytest.mark.django_db


def undo(change: TagChange) -> list[str]:
    return undoing.undo(change, by=None, at=timezone.now())


def everything() -> dict[str, set]:
    """Return every row of every table that names a tag, and the tags themselves."""
    found = {r.key: set(r.everything().values_list("pk", r.name)) for r in all_references()}
    found["tags"] = set(Tag.objects.values_list("pk", "name", "slug", "is_in_navigation"))
    return found


def test_undoing_brings_every_row_back():
    source, target = a_tag_in_use(is_in_navigation=True), a_tag_in_use()
    for post in Post.objects.all():
        post.tags.set([source, target])  # Everybody has both: the rows would be doubled.
    before = everything()
    change = merge(target, source)
    assert everything() != before
    assert undo(change) == []
    assert everything() == before


def test_a_subtopic_may_be_merged_into_its_parent_and_come_back():
    top, sub = make_tag(), make_tag()
    top.subtopics.add(sub)
    change = merge(top, sub)
    assert not top.subtopics.exists()
    undo(change)
    assert [tag.pk for tag in top.subtopics.all()] == [sub.pk]


def test_a_post_retagged_since_stays_as_it_is():
    source, target, other = make_tag(), make_tag(), make_tag()
    stays, goes_back = make_post(tags=(source,)), make_post(tags=(source,))
    change = merge(target, source)
    stays.tags.set([other])
    assert undo(change) == ["Posts filed under it: 1 changed or deleted since, left as they are."]
    assert list(stays.tags.all()) == [other]
    assert list(goes_back.tags.all()) == [source]


def test_a_post_that_lost_the_tag_since_does_not_get_the_merged_one_back():
    source, target = make_tag(), make_tag()
    post = make_post(tags=(source, target))
    change = merge(target, source)
    post.tags.clear()
    assert len(undo(change)) == 1
    assert not post.tags.exists()


def test_a_post_deleted_since_does_not_stop_the_undo():
    source, target = make_tag(), make_tag()
    make_post(tags=(source, target)).delete()
    change = merge(target, source)
    undo(change)
    assert Tag.objects.filter(pk=source.pk).exists()


def test_merges_are_undone_in_turn():
    first, second, third = make_tag(), make_tag(), make_tag()
    post = make_post(tags=(first,))
    one = merge(second, first)
    two = merge(third, second)
    with pytest.raises(undoing.CannotUndoError, match="merged on since"):
        undo(one)
    undo(two)
    undo(one)
    assert list(post.tags.all()) == [first]


@pytest.mark.parametrize("taken", [{"name": "courts"}, {"slug": "courts"}])
def test_a_name_given_away_since_is_not_taken_back(taken):
    source, target = make_tag(name="Courts", slug="courts"), make_tag()
    change = merge(target, source)
    target.aliases.all().delete()
    make_tag(**taken)
    with pytest.raises(undoing.CannotUndoError, match="belongs to"):
        undo(change)
    assert not Tag.objects.filter(pk=source.pk).exists()


def test_a_change_is_undone_once():
    change = merge(make_tag(), make_tag())
    undo(change)
    with pytest.raises(undoing.CannotUndoError, match="already"):
        undo(change)


def rename(tag: Tag, **values) -> TagChange:
    wanted = {"name": tag.name, "slug": tag.slug, "keeps_name": True} | values
    return merging.rename(tag, merging.Renaming(**wanted), by=None, at=timezone.now())


def test_a_renamed_tag_leads_from_its_old_address_and_keeps_its_old_name(client):
    tag = make_tag(name="NOMS", slug="noms")
    make_post(tags=(tag,))
    rename(tag, name="HMPPS", slug="hmpps")
    assert client.get("/tag/noms/")["Location"] == "/tag/hmpps/"
    assert [alias.name for alias in tag.aliases.all()] == ["NOMS"]


def test_renaming_there_and_back_is_no_loop(client):
    tag = make_tag(slug="here")
    make_post(tags=(tag,))
    rename(tag, slug="there")
    rename(tag, slug="here")
    assert client.get("/tag/here/").status_code == 200
    assert client.get("/tag/there/")["Location"] == "/tag/here/"


def test_undoing_a_rename_restores_name_address_and_other_names():
    tag = make_tag(name="Ministry of Justice", slug="ministry")
    TagAlias.objects.create(tag=tag, name="MoJ")
    change = rename(tag, name="MoJ", slug="moj")
    assert [alias.name for alias in tag.aliases.all()] == ["Ministry of Justice"]
    undo(change)
    tag.refresh_from_db()
    assert (tag.name, tag.slug) == ("Ministry of Justice", "ministry")
    assert [alias.name for alias in tag.aliases.all()] == ["MoJ"]


def test_a_rename_is_not_undone_over_a_later_one():
    tag = make_tag()
    change = rename(tag, name="Second")
    rename(tag, name="Third")
    with pytest.raises(undoing.CannotUndoError, match="renamed again"):
        undo(change)
