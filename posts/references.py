"""Every column of every table that names a tag, found in the models themselves.

Nothing here is a list to keep up to date: a relation added tomorrow, in any room, is found too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Exists, ManyToOneRel, Model, OuterRef, Q, QuerySet, UniqueConstraint

from posts.topics import Tag

IN_WORDS = {
    "posts.taggedpost.tag": "Posts filed under it",
    "posts.post.topic": "Topic labels above posts",
    "posts.tagalias.tag": "Other names",
    "posts.tagslug.tag": "Old addresses",
    "posts.featuredpost.tag": "Featured posts",
    "posts.tag_subtopics.from_tag": "Its narrower topics",
    "posts.tag_subtopics.to_tag": "Topics it is narrower than",
}


@dataclass(frozen=True)
class Reference:
    """A foreign key to `Tag`: the rows of one column move together."""

    field: Any

    @property
    def model(self) -> type[Model]:
        model: type[Model] = self.field.model
        return model

    @property
    def name(self) -> str:
        return str(self.field.name)

    @property
    def key(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    @property
    def label(self) -> str:
        """Return what its rows are, in an editor's words."""
        if self.key in IN_WORDS:
            return IN_WORDS[self.key]
        field, owner = self.field, cast("type[Model]", self.model._meta.auto_created)
        if owner:  # The table of a many-to-many field: the field is what a person has heard of.
            fields = owner._meta.many_to_many
            field = next(f for f in fields if f.remote_field.through is self.model)
        of = field.model._meta.verbose_name_plural
        return f"{field.verbose_name} of {of}".capitalize()

    @property
    def other_end(self) -> str:
        """Return the second column of a relation between tags themselves; "" for any other."""
        if not self.model._meta.auto_created:
            return ""
        ends = [field.name for field in self.model._meta.concrete_fields
                if field.related_model is Tag and field.name != self.name]  # fmt: skip
        return ends[0] if ends else ""

    def rows(self, tag_pks: list[int]) -> QuerySet[Model]:
        return self.everything().filter(**{f"{self.name}__in": tag_pks})

    def everything(self) -> QuerySet[Model]:
        return self.model._base_manager.all()

    def loops(self, target: int, sources: list[int]) -> QuerySet[Model]:
        """Return rows that would join the tag to itself."""
        if not self.other_end:
            return self.everything().none()
        return self.rows(sources).filter(**{f"{self.other_end}__in": [target, *sources]})

    def twins(self, target: int, sources: list[int]) -> QuerySet[Model]:
        """Return rows that, moved to the target, would repeat one that is there or moves too."""
        is_twin = Q(pk__in=[])
        for others, condition in self.unique_sets():
            there = Q(**{self.name: target})
            earlier = Q(**{f"{self.name}__in": sources, "pk__lt": OuterRef("pk")})
            same = {name: OuterRef(name) for name in others}
            match = Exists(self.everything().filter(there | earlier, condition, **same))
            is_twin |= Q(match) & condition
        loops = self.loops(target, sources)
        return self.rows(sources).filter(is_twin).exclude(pk__in=loops.values("pk"))

    def unique_sets(self) -> Iterator[tuple[list[str], Q]]:
        """Yield the other columns, and the condition, of each rule that this column be unique."""
        meta = self.model._meta
        if self.field.unique:
            yield [], Q()
        for together in meta.unique_together:
            if self.name in together:
                yield [name for name in together if name != self.name], Q()
        for rule in meta.constraints:
            if isinstance(rule, UniqueConstraint) and self.name in rule.fields:
                yield [name for name in rule.fields if name != self.name], rule.condition or Q()


def all_references() -> list[Reference]:
    """Return every foreign key to `Tag`, those of many-to-many tables and hidden ones included."""
    relations = Tag._meta.get_fields(include_hidden=True)
    keys = [relation.field for relation in relations if isinstance(relation, ManyToOneRel)]
    found = [Reference(key) for key in keys if key.model._meta.managed]
    return sorted(found, key=lambda reference: reference.key)


def reference_of(key: str) -> Reference | None:
    """Return the reference a log entry speaks of, or None when its table is gone."""
    return next((found for found in all_references() if found.key == key), None)
