"""What came here from another blog, and as what: the memory by which an import is re-run.

A row outlives what it led to, so that what was deleted here does not come back by itself. It is
shown nowhere, and holds no address of anybody.
"""

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, UniqueConstraint


class ImportedItem(models.Model):
    """One item of one blog: its key there, its row here.

    The key is the number the blog gave it; where it has none, or two blogs under one address gave
    the same, its guid. Never title and date: both change.
    """

    class Kind(models.TextChoices):
        POST = "post", "Post"
        COMMENT = "comment", "Comment"
        AUTHOR = "author", "Author"
        TERM = "term", "Term"
        IMAGE = "image", "Image"

    site = models.CharField(max_length=200)  # the blog's address without its scheme
    kind = models.CharField(max_length=7, choices=Kind)
    key = models.CharField(max_length=300)
    guid = models.CharField(max_length=500, blank=True)
    slug = models.CharField(max_length=200, blank=True)
    row_pk = models.BigIntegerField()
    # Of a post: what was imported, and the moment it was saved; an editor's save is later.
    digest = models.CharField(max_length=64, blank=True)
    left_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(null=True)  # there; "updated" here is an editor's word
    imported_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["ImportedItem"]] = models.Manager()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["site", "kind", "key"], name="posts_importeditem_once"),
            CheckConstraint(
                name="posts_importeditem_kind_known",
                condition=models.Q(kind__in=["post", "comment", "author", "term", "image"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} of {self.site}"
