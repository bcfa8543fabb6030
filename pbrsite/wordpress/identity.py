"""Whether an item was imported before, as which post, and whether anything about it is new."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.items import Item
from pbrsite.wordpress.uploads import names_of
from posts.models import ImportedItem, Post

RECIPE = 1  # Add one when posts are made otherwise from the same file: all are then updated.
OTHER_BLOG = "another post of this address has its number: known by its guid, without the number"


@dataclass
class Known:
    """An item with its key; `row` and `post` where it was imported before."""

    item: Item
    key: str
    digest: str
    row: ImportedItem | None = None
    post: Post | None = None
    is_renumbered: bool = False
    is_first: bool = True  # of this file to claim the key
    is_repeated: bool = False  # The file has the same item before.

    @property
    def is_unchanged(self) -> bool:
        return self.row is not None and self.row.digest == self.digest

    @property
    def is_edited(self) -> bool:
        return bool(self.row and self.post and self.row.left_at != self.post.saved_at)


def recall(archive: Archive, items: Iterable[Item], pictures: Collection[str]) -> list[Known]:
    """Return the items with what is remembered of them; two queries however many."""
    items = list(items)
    keys = [key for item in items for key in _keys(item)]
    rows = archive.known(ImportedItem.Kind.POST, keys)
    found: list[Known] = []
    taken: dict[str, Item] = {}
    for item in items:
        key, is_renumbered = _key(item, rows, taken)
        digest = _digest(archive, item, pictures)
        known = Known(item, key, digest, rows.get(key), is_renumbered=is_renumbered)
        known.is_first = key not in archive.claimed
        # Of a batch not yet written there is no row; the database then refuses, and we ask again.
        known.is_repeated = key in taken or bool(known.row and not known.is_first)
        found.append(known)
        taken.setdefault(key, item)
        archive.claimed.add(key)
    posts = Post.objects.only("pk", "slug", "status", "saved_at").in_bulk(
        [known.row.row_pk for known in found if known.row]
    )
    for known in found:
        known.post = posts.get(known.row.row_pk) if known.row else None
    return found


def _keys(item: Item) -> list[str]:
    """Return the keys an item may have, the surest first."""
    named = [str(item.number) if item.number else "", item.guid and f"guid:{item.guid}",
             item.slug and f"slug:{item.slug}"]  # fmt: skip
    return [key[:300] for key in named if key]


def _key(item: Item, rows: dict[str, ImportedItem], taken: dict[str, Item]) -> tuple[str, bool]:
    """Return the first key that is not another item's, and whether that is not its number."""
    keys = _keys(item)
    for place, key in enumerate(keys):
        row, before = rows.get(key), taken.get(key)
        if before is not None and not _is_same(item, before.guid, before.slug):
            continue
        if row is not None and not _is_same(item, row.guid, row.slug):
            continue
        return key, place > 0 and bool(item.number)
    return f"{keys[-1][:280]}:{item.number or ''}"[:300], True


def _is_same(item: Item, guid: str, slug: str) -> bool:
    """Return whether guid or slug agrees: WordPress changes neither by itself, people one."""
    return item.guid[:500] == guid or (bool(slug) and item.slug[:200] == slug)


def _digest(archive: Archive, item: Item, pictures: Collection[str]) -> str:
    """Return what changes when anything of the item does that ends up in a row of posts."""
    parts = (
        RECIPE, item.title, item.link, item.guid, item.slug, item.status, item.creator,
        item.content, item.excerpt, item.date, item.date_gmt, item.published, item.has_password,
        [(term.taxonomy, term.slug, term.name) for term in item.terms],
        sorted(names_of(item, archive.attachments) & set(pictures)), item.thumbnail,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
