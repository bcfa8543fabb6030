"""What a WordPress export holds, as typed items: the words of the file, padded space taken off.

WXR is RSS 2.0 with WordPress's own elements
(https://github.com/WordPress/wordpress-develop/blob/trunk/src/wp-admin/includes/export.php).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime


class UnreadableError(Exception):
    """The file is no WordPress export that can be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The blog: its own addresses, the best one first."""

    title: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Author:
    login: str
    name: str = ""
    number: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A category (`category`), a tag (`post_tag`) or a word of another taxonomy."""

    taxonomy: str
    slug: str
    name: str
    parent: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment; the address and the name of its writer, never the network they wrote from."""

    number: int | None
    parent: int | None = None
    name: str = ""
    email: str = field(default="", repr=False)  # What logs and error pages print.
    text: str = ""
    state: str = ""
    kind: str = ""
    user: int | None = None
    date: str = ""
    date_gmt: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A post, page, attachment or whatever else WordPress keeps in its table of posts."""

    number: int | None = None
    kind: str = "post"
    title: str = ""
    link: str = ""
    guid: str = ""
    slug: str = ""
    status: str = ""
    creator: str = ""
    content: str = ""
    excerpt: str = ""
    date: str = ""
    date_gmt: str = ""
    published: str = ""  # pubDate, as e-mail writes dates
    modified: str = ""
    modified_gmt: str = ""
    has_password: bool = False
    is_sticky: bool = False
    attachment_url: str = ""
    terms: tuple[Term, ...] = ()
    comments: tuple[Comment, ...] = ()
    thumbnail: int | None = None
    alt: str = ""


Piece = Channel | Author | Term | Item


def moment(gmt: str, local: str, zone: tzinfo, *, rfc: str = "") -> datetime | None:
    """Return the moment in UTC: the first of GMT, the blog's own time and the feed's that is one.

    A draft's GMT is 0000-00-00 00:00:00, which is no date; the blog's time is read in `zone`.
    """
    if found := _moment(gmt, UTC):
        return found
    if found := _moment(local, zone):
        return found
    try:
        found = parsedate_to_datetime(rfc) if rfc else None
    except (ValueError, IndexError, OverflowError):
        return None
    return _sensible(found.replace(tzinfo=found.tzinfo or UTC)) if found else None


def _moment(text: str, zone: tzinfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _sensible(found.replace(tzinfo=found.tzinfo or zone))


def _sensible(found: datetime) -> datetime | None:
    """Return the moment in UTC; None where it is none that anybody blogged at."""
    return found.astimezone(UTC) if 1970 <= found.year <= 2100 else None
