"""What an address that is no page may have meant: WordPress's forms of it, and slips of the hand.

Pure: no database here. The forms are those of WordPress's rewrite rules
(https://developer.wordpress.org/reference/classes/wp_rewrite/).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode, urlsplit

from django.conf import settings
from django.http import QueryDict

from posts.slugs import RESERVED

# The admin, files, and links that carry a secret: never looked up, never noted.
CLOSED = ("admin", "media", "static", "u", "subscribe", "subscription", "hooks", "preview")
# What scanners ask for: never an address of a page, here or on WordPress.
PROBE = re.compile(
    r"\.(php\d?|aspx?|jsp|cgi|env|git|sql|bak|ini|ya?ml)(/|$)|/\.|^/(wp-admin|wp-includes|wp-json"
    r"|wp-login|xmlrpc|cgi-bin|vendor|phpmyadmin|actuator|console|api|graphql|solr|boaform|hnap1|owa"
    r"|autodiscover|telescope|_ignition)(/|$)",
    re.IGNORECASE,
)
LONGEST = 500
DEEPEST = 5  # parts that name a page, as /category/above/within/topic/post/
UPLOADS = "/wp-content/uploads/"
FEEDS = frozenset({"feed", "rss", "rss2", "rdf", "atom"})
SLUG = re.compile(r"[\w-]{1,120}", re.ASCII)
# Pages of a post's comments: they move with their post, and are not the post when they are gone.
OF_COMMENTS = re.compile(
    r"(.+)/(comments/(?:page/[0-9]+|[2-9a-hjkmnp-z]{12}(?:/thread(?:/page/[0-9]+)?)?)/)"
)
HOME = re.compile(r"/+(index\.(php|html?)/*)?", re.IGNORECASE)
# A query key of WordPress's whose value is a row's number, on its home page.
NUMBERED = ("p", "page_id", "attachment_id", "cat", "author")
POST_NUMBERS = NUMBERED[:3]
HOME_KEYS = frozenset({*NUMBERED, "tag", "category_name", "feed", "s", "m", "paged"})


# Nearly every link of an archive, understood in a tenth of the time: no port, nothing to normalise.
PLAIN_URL = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?#][!-~]*)?")


@dataclass(frozen=True)
class Wanted:
    """What was meant: each part may be empty; `tail` is the part of the page that was asked for."""

    paths: tuple[str, ...] = ()  # of redirects that would answer, the most exact first
    slugs: tuple[str, ...] = ()  # of a post, the likeliest first
    tag: str = ""
    author: str = ""
    wordpress_id: int | None = None
    tail: str = ""
    fixed: str = ""  # an address that answers whatever the archive holds

    @property
    def is_exact(self) -> bool:
        """Return whether the first path says more than a post's bare slug."""
        return bool(self.paths) and self.paths[0] not in {f"/{slug}/" for slug in self.slugs}


def split(target: str) -> SplitResult | None:
    """Return a link's parts; None where it has none, as "http://[" and a port that is no number."""
    try:
        parts = urlsplit(target)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_ours(target: str) -> bool:
    """Return whether the link stays on this site; `#note` stays on its page."""
    if plain := PLAIN_URL.fullmatch(target):
        return plain[1] == str(urlsplit(settings.SITE_URL).netloc).lower()
    parts = split(target.strip())
    if parts is None:
        return False
    if not parts.scheme and not parts.netloc:
        return True
    home = urlsplit(settings.SITE_URL).netloc
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == home.lower()


def is_closed(path: str) -> bool:
    """Return whether no old page can have been here, or none may be known."""
    if not path.startswith("/"):  # HTTP knows "OPTIONS *", which asks about no page.
        return True
    if len(path) > LONGEST or path.split("/")[1] in CLOSED:
        return True
    return PROBE.search(_without_index(path)) is not None


def tidy(path: str) -> str:
    """Return the one form in which a path is kept: lower case, one slash at the end.

    A file keeps its name as it is: `/wp-content/uploads/` tells upper from lower case.
    """
    path = "/" + re.sub(r"[\x00-\x1f\x7f]|/(?=/)", "", path).strip("/ ")
    if path.startswith(UPLOADS) or path == "/":
        return path
    has_ending = "." in path.rpartition("/")[2]
    return path.lower() if has_ending else f"{path.lower()}/"


def read(path: str) -> Wanted:
    """Return what a path may have meant."""
    kept = _without_index(tidy(path)) or "/"
    if path.startswith(UPLOADS):
        # WordPress also linked to sizes of an image: chart-300x200.png.
        whole = re.sub(r"-(?:\d+x\d+|scaled)(?=\.\w+$)", "", kept)
        return Wanted(paths=_once([kept, whole]))
    parts = [word for part in kept.split("/") if (word := _word(part))]
    if not parts:
        return Wanted(paths=(kept,), fixed="/" if HOME.fullmatch(path) else "")
    # A file, which is not named by a slug; or what only a scanner would ask for.
    if re.search(r"\.(?!html?/?$)[^/]*/?$", kept) or kept.count(".") > 1:
        return Wanted(paths=(kept,))
    is_of_comments = parts[0] == "comments"
    parts, tail = _without_tail(parts)
    if not parts:
        return Wanted(paths=(kept,), fixed="/comments/feed/" if is_of_comments else "/feed/")
    return _named(kept, parts, tail)


def _without_index(path: str) -> str:
    return re.sub(r"^/index\.(php|html?)(?=/|$)", "", path)


def _word(part: str) -> str:
    """Return a part of a path without what surrounded the link it was copied from."""
    part = re.sub(r"\.html?$", "", part)
    return re.sub(r"^[\W_]+|[\W_]+$", "", part)


def _without_tail(parts: list[str]) -> tuple[list[str], str]:
    """Return the parts that name a page, and which part of it was asked for."""
    if own := OF_COMMENTS.fullmatch(f"{'/'.join(parts)}/"):
        return own[1].split("/"), own[2]
    tail = ""
    while parts and (drop := _tail_length(parts)):
        if parts[-1] in FEEDS:
            tail = "feed/"
        elif parts[-1] == "comments":
            tail = tail or "comments/"
        parts = parts[:-drop]
    return ([], tail) if parts == ["comments"] and tail else (parts, tail)


def _tail_length(parts: list[str]) -> int:
    """Return how many of the last parts name none of the page; 0 when all of them do."""
    last, is_page = parts[-1], len(parts) > 2 and parts[-2] == "page"
    if last in FEEDS:
        return 1
    if len(parts) == 1 or parts[0] in {"tag", "author", "page"}:
        return 0
    if last.isdecimal():
        return 0 if parts[0] == "archives" else 1 + is_page
    is_part = last in {"comments", "amp", "trackback", "embed"} or last.startswith("comment-page-")
    return int(is_part)


def _named(kept: str, parts: list[str], tail: str) -> Wanted:
    first, last = parts[0], parts[-1]
    whole = f"/{'/'.join(parts)}/"
    if first == "category" and len(parts) > 1:
        paths = _once([kept, whole, f"/category/{last}/", f"/tag/{last}/"])
        return Wanted(paths, tag=last, tail=tail)
    if first == "tag" and len(parts) == 2:
        return Wanted(_once([kept, whole]), tag=last, tail=tail)
    if first == "author" and len(parts) == 2:
        return Wanted(_once([kept, whole]), author=last, tail=tail)
    if first == "archives" and len(parts) == 1:
        return Wanted(_once([kept]), fixed="/archive/")
    if first == "archives" and last.isdecimal():
        return Wanted(_once([kept, whole]), wordpress_id=_number(last))
    if len(parts) > DEEPEST:
        return Wanted(_once([kept, whole]))
    slugs = [word for word in (last, first) if _may_be_slug(word)]
    return Wanted(_once([kept, whole, *(f"/{slug}/" for slug in slugs)]), _once(slugs), tail=tail)


def _may_be_slug(word: str) -> bool:
    is_slug = SLUG.fullmatch(word) is not None
    return is_slug and not word.isdigit() and word not in RESERVED


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _once(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths))


def read_query(given: QueryDict) -> Wanted | None:
    """Return what WordPress's query on the home page meant; None where it names nothing."""
    for key in NUMBERED:
        number = _number(given.get(key, ""))
        if number is not None:
            row = (f"/?{key}={number}",)
            return Wanted(row, wordpress_id=number if key in POST_NUMBERS else None)
    topic = given.get("tag") or given.get("category_name", "").rpartition("/")[2]
    if topic:  # A word no topic can have is no address either.
        is_word = re.fullmatch(r"[\w-]{1,120}", topic)
        return Wanted((f"/tag/{topic}/", f"/category/{topic}/"), tag=topic) if is_word else Wanted()
    if "s" in given:
        return Wanted(fixed="/search/?" + urlencode({"q": given["s"]}))
    if "feed" in given:
        return Wanted(fixed="/feed/")
    month = re.fullmatch(r"([12]\d{3})(\d\d)?(\d\d)?", given.get("m", ""))
    if month:
        return Wanted(fixed="/" + "".join(f"{part}/" for part in month.groups() if part))
    page = _number(given.get("paged", ""))
    return Wanted(fixed=f"/page/{page}/") if page and page > 1 else None
