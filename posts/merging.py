"""Merging tags into one, and renaming: what would change, doing it, and the log entry of it.

Every row that names a merged tag moves to the one that stays (see `posts.references`). A row that
would repeat another is taken out. The log keeps all of it, so that `posts.undoing` can go back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model

from posts import reindexing
from posts.models import Post, Tag, TagAlias, TagChange, TaggedPost, TagSlug
from posts.references import Reference, all_references
from posts.tagging import batches
from posts.topics import reachable

MOST = 50  # tags merged at once
LOST_TEXTS = ("description", "heading", "introduction")


class CannotMergeError(Exception):
    """The tags as they are now cannot be merged; the message says what to do first."""


@dataclass(frozen=True)
class Line:
    """What happens to the rows of one relation."""

    label: str
    moved: int
    doubled: int


@dataclass(frozen=True)
class Renaming:
    """What a tag is to be called; with `keeps_name` its old name stays as another name."""

    name: str
    slug: str
    keeps_name: bool


@dataclass
class Plan:
    """What merging these tags would do, for a person to read before it is done."""

    target: Tag
    sources: list[Tag]
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        names = ", ".join(f"“{tag}”" for tag in self.sources)
        return f"{names} into “{self.target}”"


def plan(target: Tag, sources: Iterable[Tag]) -> Plan:
    """Return what a merge would change; changes nothing. Three queries for each relation."""
    merged = [tag for tag in sources if tag.pk != target.pk]
    planned = Plan(target, merged, obstacles=_obstacles(target, merged))
    pks = [tag.pk for tag in merged]
    for reference in all_references():
        total = reference.rows(pks).count()
        if total:
            doubled = reference.twins(target.pk, pks).count()
            doubled += reference.loops(target.pk, pks).count()
            planned.lines.append(Line(reference.label, total - doubled, doubled))
    planned.notes = _notes(target, merged)
    return planned


def merge(target: Tag, sources: Iterable[Tag], *, by: User | None, at: datetime) -> TagChange:
    """Move everything of the sources to the target and delete them; return the log entry.

    One transaction under locks of all the tags, and Postgres refuses it should any row still name
    a merged tag. Search and related posts of the affected posts follow, and forms of them that are
    open notice it. Raises `CannotMergeError`.
    """
    with transaction.atomic():
        target, merged = _locked(target, sources)
        if obstacles := _obstacles(target, merged):
            raise CannotMergeError(" ".join(obstacles))
        pks = [tag.pk for tag in merged]
        affected = _posts_of(pks)
        Post.objects.mark_saved(affected, at=at)
        data = {
            "tags": [row_values(tag) for tag in merged],
            "rows": [_move(reference, target.pk, pks) for reference in all_references()],
            "enters_header": _keep_names(target, merged),
        }
        tags = Tag.objects.filter(pk__in=pks)
        tags._raw_delete(tags.db)  # Cascades to nothing: a row left behind fails the transaction.
        change = TagChange.objects.create(
            kind=TagChange.Kind.MERGE, summary=Plan(target, merged).summary, tag_pk=target.pk,
            merged_pks=pks, data=data, made_at=at, made_by=by,
        )  # fmt: skip
        reindexing.refresh(affected)
    return change


def rename(tag: Tag, to: Renaming, *, by: User | None, at: datetime) -> TagChange:
    """Give the tag another name and address; return the log entry.

    The old address leads to the new one. An old name to be kept is not if it is only cased
    differently or somebody else's. The caller brings the search index up to date, once the tag's
    other names are saved too.
    """
    with transaction.atomic():
        tag = Tag.objects.select_for_update().get(pk=tag.pk)
        before = {"name": tag.name, "slug": tag.slug}
        dropped = TagAlias.objects.filter(tag=tag, name__iexact=to.name)
        after = {"name": to.name, "slug": to.slug}
        data: dict[str, Any] = {"before": before, "after": after}
        data["dropped"] = list(dropped.values_list("name", flat=True))
        dropped.delete()
        tag.name = to.name
        tag.move_to(to.slug)
        tag.save(update_fields=["name", "slug"])
        if to.keeps_name:
            _add_alias(tag, before["name"])
        return TagChange.objects.create(
            kind=TagChange.Kind.RENAME, summary=_renamed(before, after), tag_pk=tag.pk,
            data=data, made_at=at, made_by=by,
        )  # fmt: skip


def row_values(row: Model) -> dict[str, Any]:
    """Return the row's columns by attribute, fit for the log."""
    return {field.attname: field.value_from_object(row) for field in row._meta.concrete_fields}


def _locked(target: Tag, sources: Iterable[Tag]) -> tuple[Tag, list[Tag]]:
    """Return the tags as they are now, locked in one order whoever else is merging."""
    pks = {tag.pk for tag in sources} - {target.pk}
    rows = Tag.objects.select_for_update().filter(pk__in={target.pk, *pks}).order_by("pk")
    tags = {tag.pk: tag for tag in rows}
    if len(tags) != len(pks) + 1:
        raise CannotMergeError("One of these tags is no more. Choose them again from the list.")
    return tags[target.pk], [tags[pk] for pk in sorted(pks)]


def _obstacles(target: Tag, merged: list[Tag]) -> list[str]:
    if not merged:
        return ["Choose a tag other than the one the rest is merged into."]
    if len(merged) > MOST:
        return [f"{len(merged)} tags are too many for one merge. Choose at most {MOST}."]
    between = _between(target, merged)
    if between:
        names = ", ".join(f"“{name}”" for name in between)
        return [
            f"{names} would be both a narrower topic of “{target}” and one that “{target}” is "
            "narrower than. Take it out of one of the lists of narrower topics first."
        ]
    return []


def _between(target: Tag, merged: list[Tag]) -> list[str]:
    """Return the names of topics that would be above and below the one that stays."""
    one = {tag.pk: target.pk for tag in merged}
    below: dict[int, set[int]] = {}
    for parent, child in Tag.subtopics.through.objects.values_list("from_tag", "to_tag"):
        parent, child = one.get(parent, parent), one.get(child, child)
        if parent != child:
            below.setdefault(parent, set()).add(child)
    under = reachable(target.pk, below) - {target.pk}
    circling = [pk for pk in under if target.pk in reachable(pk, below)]
    return list(Tag.objects.filter(pk__in=circling).values_list("name", flat=True))


def _notes(target: Tag, merged: list[Tag]) -> list[str]:
    """Return what a count of rows does not say."""
    names = [tag.name for tag in merged]
    said = [f"Also found as: {', '.join(names)}. Each name becomes another name of “{target}”."]
    addresses = ", ".join(f"/tag/{tag.slug}/" for tag in merged)
    said.append(f"{addresses}, with pages and feed, will lead to /tag/{target.slug}/.")
    if not target.is_in_navigation and any(tag.is_in_navigation for tag in merged):
        said.append(f"“{target}” takes their place in the header.")
    texts = [tag.name for tag in merged if any(getattr(tag, name) for name in LOST_TEXTS)]
    if texts:
        whose = ", ".join(f"“{name}”" for name in texts)
        said.append(f"The texts of the topic page of {whose} are kept in the log only.")
    return said


def _posts_of(tag_pks: list[int]) -> set[int]:
    filed = TaggedPost.objects.filter(tag__in=tag_pks).values_list("content_object_id", flat=True)
    labelled = Post.objects.filter(topic__in=tag_pks).order_by().values_list("pk", flat=True)
    return {*filed, *labelled}


def _move(reference: Reference, target: int, sources: list[int]) -> dict[str, Any]:
    """Move the rows of one relation, those to be repeated taken out; return what was done."""
    rows = reference.rows(sources).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))
    removed: dict[str, list[dict[str, Any]]] = {}
    for kind, unwanted in (
        ("loops", reference.loops(target, sources)),
        ("twins", reference.twins(target, sources)),
    ):
        found = list(unwanted.order_by("pk"))
        removed[kind] = [row_values(row) for row in found]
        for batch in batches([row.pk for row in found]):
            gone = reference.everything().filter(pk__in=batch)
            gone._raw_delete(gone.db)
    moved: dict[str, list[Any]] = {}
    for pk, source in rows.values_list("pk", reference.name):
        moved.setdefault(str(source), []).append(pk)
    rows.order_by().update(**{reference.name: target})
    return {"of": reference.key, "moved": moved, **removed}


def _keep_names(target: Tag, merged: list[Tag]) -> bool:
    """Keep the merged names and addresses for the target, and the place in the header.

    Returns whether the target came into the header by this.
    """
    enters_header = not target.is_in_navigation and any(tag.is_in_navigation for tag in merged)
    if enters_header:
        target.is_in_navigation = True
        target.save(update_fields=["is_in_navigation"])
    for tag in merged:
        TagSlug.objects.update_or_create(slug=tag.slug, defaults={"tag": target})
        _add_alias(target, tag.name, besides=merged)
    return enters_header


def _add_alias(tag: Tag, name: str, *, besides: Iterable[Tag] = ()) -> None:
    """Add another name, unless it is taken, or the tag's own but for its case."""
    holders = Tag.objects.known_as(name).exclude(pk__in=[other.pk for other in besides])
    if not holders.exists():
        TagAlias.objects.create(tag=tag, name=name)


def _renamed(before: dict[str, str], after: dict[str, str]) -> str:
    said = [f"“{before['name']}” to “{after['name']}”"] if before["name"] != after["name"] else []
    if before["slug"] != after["slug"]:
        said.append(f"/tag/{before['slug']}/ to /tag/{after['slug']}/")
    return ", ".join(said)
