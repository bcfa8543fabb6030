"""WordPress exports for the tests: plain functions with safe defaults, as in WordPress's own."""

from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0"
    xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
    xmlns:content="http://purl.org/rss/1.0/modules/content/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:wp="http://wordpress.org/export/1.2/"
>
<channel>
<title>Old blog</title>
<link>{address}</link>
<wp:wxr_version>1.2</wp:wxr_version>
<wp:base_blog_url>{address}</wp:base_blog_url>
"""
FOOT = "</channel>\n</rss>\n"
ADDRESS = "https://old.example.org"
_numbers = count(1)


def export(*pieces: str, address: str = ADDRESS) -> str:
    return HEAD.format(address=address) + "".join(pieces) + FOOT


def written(path: Path, *pieces: str, address: str = ADDRESS) -> Path:
    """Return a file with these pieces in the folder, or at the path."""
    file = path / "export.xml" if path.is_dir() else path
    file.write_text(export(*pieces, address=address))
    return file


def author(login: str, name: str = "", **values: Any) -> str:
    words = {"author_login": login, "author_display_name": name or login} | values
    return f"<wp:author>{_elements(words)}</wp:author>\n"


def category(slug: str, name: str, **values: Any) -> str:
    words = {"category_nicename": slug, "cat_name": name} | values
    return f"<wp:category>{_elements(words)}</wp:category>\n"


def tag(slug: str, name: str) -> str:
    return f"<wp:tag>{_elements({'tag_slug': slug, 'tag_name': name})}</wp:tag>\n"


def item(
    body: str = "<p>The first cohort ended.</p>",
    *,
    creator: str = "jo",
    excerpt: str = "",
    terms: Iterable[tuple[str, str, str]] = (),
    comments: Iterable[str] = (),
    meta: dict[str, str] | None = None,
    **values: Any,
) -> str:
    """Return a published post unless the values say otherwise; `terms`: (domain, slug, name)."""
    number = values.get("post_id") or next(_numbers) + 10_000
    slug = values.get("post_name", f"post-{number}")
    words = {
        "title": f"Post {number}", "link": f"{ADDRESS}/{slug}/", "dc:creator": creator,
        "guid": f"{ADDRESS}/?p={number}", "content:encoded": body, "excerpt:encoded": excerpt,
        "post_id": number, "post_date": "2014-05-06 10:30:00",
        "post_date_gmt": "2014-05-06 09:30:00", "comment_status": "open", "post_name": slug,
        "status": "publish", "post_type": "post", "post_password": "", "is_sticky": 0,
    } | values  # fmt: skip
    filed = "".join(
        f'<category domain="{domain}" nicename="{slug}">{_cdata(name)}</category>\n'
        for domain, slug, name in terms
    )
    pairs = "".join(
        f"<wp:postmeta>{_elements({'meta_key': key, 'meta_value': value})}</wp:postmeta>\n"
        for key, value in (meta or {}).items()
    )
    return f"<item>\n{_elements(words)}{filed}{pairs}{''.join(comments)}</item>\n"


def comment(number: int, **values: Any) -> str:
    words = {
        "comment_id": number, "comment_author": "Sam", "comment_author_email": "sam@example.org",
        "comment_author_IP": "192.0.2.7", "comment_date": "2014-05-07 10:00:00",
        "comment_date_gmt": "2014-05-07 09:00:00", "comment_content": "Well said.",
        "comment_approved": 1, "comment_type": "comment", "comment_parent": 0,
        "comment_user_id": 0,
    }  # fmt: skip
    given = {f"comment_{name}": value for name, value in values.items()}
    return f"<wp:comment>{_elements(words | given)}</wp:comment>\n"


def _elements(words: dict[str, Any]) -> str:
    plain = {"title", "link", "guid", "pubDate"}
    return "".join(
        f"<{name}>{_cdata(value)}</{name}>\n"
        for key, value in words.items()
        for name in [key if key in plain or ":" in key else f"wp:{key}"]
    )


def _cdata(value: Any) -> str:
    text = str(value)
    if isinstance(value, int) or not text:
        return escape(text)
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def notes(report: dict[str, Any], kind: str = "post") -> set[str]:
    """Return what the report notes of items of a kind."""
    return {note["note"] for line in report["items"] if line["kind"] == kind
            for note in line.get("notes", [])}  # fmt: skip


def reasons(report: dict[str, Any]) -> set[str]:
    """Return why the report says that items were passed over."""
    return {line["reason"] for line in report["reasons"]}
