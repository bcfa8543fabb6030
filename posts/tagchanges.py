"""The log of what was done to tags themselves: merged, renamed; with all that undoing it needs."""

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import CheckConstraint, Q


class TagChangeQuerySet(models.QuerySet["TagChange"]):
    def standing(self) -> "TagChangeQuerySet":
        """Return what has not been undone."""
        return self.filter(undone_at=None)

    def heirs(self, tag_pks: Iterable[int]) -> dict[int, int]:
        """Return, for those of the tags that were merged away, the tag each lives on in.

        One query for every time a tag was merged on; nothing for tags that were not.
        """
        merges = self.standing().filter(kind=TagChange.Kind.MERGE)
        heirs: dict[int, int] = {}
        waiting = set(tag_pks)
        while waiting:
            found = merges.filter(merged_pks__overlap=list(waiting))
            step = {
                old: new
                for merged, new in found.values_list("merged_pks", "tag_pk")
                for old in merged
                if old in waiting
            }
            heirs |= step
            waiting = set(step.values()) - heirs.keys()
        return {old: _last(old, heirs) for old in heirs if old in set(tag_pks)}


class TagChange(models.Model):
    """One merge or rename. It names tags by number and not by key: it outlives them."""

    class Kind(models.TextChoices):
        MERGE = "merge", "Merged"
        RENAME = "rename", "Renamed"

    kind = models.CharField(max_length=6, choices=Kind)
    summary = models.TextField("what")
    tag_pk = models.BigIntegerField(help_text="The tag that stayed.")
    merged_pks = ArrayField(models.BigIntegerField(), default=list)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    made_at = models.DateTimeField("when")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="by",
    )
    undone_at = models.DateTimeField("undone", null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    remarks = models.TextField(blank=True, help_text="What could not be undone.")

    objects: ClassVar[TagChangeQuerySet] = TagChangeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = "change of tags"
        verbose_name_plural = "changes of tags"
        default_permissions = ("view",)
        constraints = [
            CheckConstraint(
                name="posts_tagchange_kind_known", condition=Q(kind__in=["merge", "rename"])
            ),
        ]

    def __str__(self) -> str:
        return self.summary


def _last(pk: int, heirs: dict[int, int]) -> int:
    while pk in heirs:
        pk = heirs[pk]
    return pk
