"""One run of an import: the blog it reads, the moment it began, and what it knows of the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from pbrsite.wordpress.bodies import Place
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.report import Report
from pbrsite.wordpress.shortcodes import gallery_numbers
from posts.models import ImportedItem
from posts.pictures import Picture


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
    claimed: set[str] = field(default_factory=set)  # keys of the posts read so far
    brings_back: bool = False

    def place(self, contents: Iterable[str], pictures: Mapping[str, Picture]) -> Place:
        """Return what these bodies need to be made; small, since it goes to another process."""
        numbers = {number for content in contents for number in gallery_numbers(content)}
        shown = {number: self.attachments[number] for number in numbers & self.attachments.keys()}
        return Place(self.blog, pictures, shown)

    def known(self, kind: str, keys: list[str]) -> dict[str, ImportedItem]:
        """Return what is remembered of these items; one query."""
        rows = ImportedItem.objects.filter(site=self.site, kind=kind, key__in=keys)
        return {row.key: row for row in rows}

    def keep(
        self, kind: str, row_pks: Mapping[str, int], known: Mapping[str, ImportedItem]
    ) -> None:
        """Remember where these items led; those known before led to rows that are gone."""
        stale = [known[key].pk for key in row_pks if key in known]
        ImportedItem.objects.filter(pk__in=stale).delete()
        ImportedItem.objects.bulk_create(
            self.remember(kind, key, row_pk) for key, row_pk in row_pks.items()
        )

    def remember(self, kind: str, key: str, row_pk: int) -> ImportedItem:
        """Return the unsaved memory of an item that led to this row."""
        return ImportedItem(site=self.site, kind=kind, key=key[:300], row_pk=row_pk)
