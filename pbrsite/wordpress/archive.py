"""One run of an import: the blog it reads, the moment it began, and what it knows of the rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from pbrsite.wordpress.bodies import Place
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.report import Report
from posts.models import ImportedItem


@dataclass
class Archive:
    """What every writer of a run needs; authors and terms are few and stay in memory."""

    site: str
    blog: Blog
    now: datetime
    zone: tzinfo
    report: Report
    attachments: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    authors: dict[str, int] = field(
        default_factory=dict
    )  # by login and by name, as the file has it
    staff: set[int] = field(default_factory=set)  # numbers of the blog's own writers
    terms: dict[tuple[str, str], int] = field(default_factory=dict)  # by taxonomy and slug
    brings_back: bool = False

    def place(self, pictures: Mapping[str, object]) -> Place:
        return Place(self.blog, pictures, self.attachments)  # type: ignore[arg-type]

    def known(self, kind: str, keys: list[str]) -> dict[str, ImportedItem]:
        """Return what is remembered of these items; one query."""
        rows = ImportedItem.objects.filter(site=self.site, kind=kind, key__in=keys)
        return {row.key: row for row in rows}

    def remember(self, kind: str, key: str, row_pk: int) -> ImportedItem:
        """Return the unsaved memory of an item that led to this row."""
        return ImportedItem(site=self.site, kind=kind, key=key[:300], row_pk=row_pk)
