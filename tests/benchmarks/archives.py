"""A real archive from a WordPress export, as far as searching it needs: for the benchmarks."""

from pathlib import Path

import pytest
from django.conf import settings
from lxml import etree, html

from posts import search
from posts.models import Author, Post, Tag, TaggedPost

FOLDER = settings.BASE_DIR.parent / "shared" / "data" / "archive-18f"
NAMES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "excerpt": "http://wordpress.org/export/1.2/excerpt/",
    "wp": "http://wordpress.org/export/1.2/",
    "dc": "http://purl.org/dc/elements/1.1/",
}
BLOCKS = ("p", "li", "h2", "h3", "h4", "br", "td", "th", "pre", "blockquote", "figcaption")


def load_archive() -> None:
    """Load the published posts with tags and authors, and index them; skip where there are none."""
    if not FOLDER.exists():
        pytest.skip(f"no real archive at {FOLDER}")
    rows: dict[str, etree._Element] = {}
    for item in etree.parse(str(FOLDER / "archive.wxr.xml")).iter("item"):
        if _value(item, "wp:post_type") == "post":
            rows.setdefault(_slug(_value(item, "wp:post_name")), item)
    posts = Post.objects.bulk_create(_post(slug, item) for slug, item in rows.items())
    links = [
        TaggedPost(tag=_tag(found), content_object=post)
        for post, item in zip(posts, rows.values(), strict=True)
        for found in {found.get("nicename"): found for found in item.findall("category")}.values()
        if found.get("domain") in {"post_tag", "category"}
    ]
    TaggedPost.objects.bulk_create(links)
    search.index(post.pk for post in posts)


def queries() -> list[tuple[str, str, str]]:
    """Return (words, the slug they describe, the slug of the post that says so)."""
    lines = Path(FOLDER / "queries.tsv").read_text().splitlines()
    rows = (line.split("\t") for line in lines)
    return [(words, _slug(target), _slug(source)) for words, target, source in rows]


def _slug(name: str) -> str:
    """Return the name as an address of ours: some of theirs hold a point."""
    return name.replace(".", "-")[:120]


def _post(slug: str, item: etree._Element) -> Post:
    name = _value(item, "dc:creator") or "nobody"
    author, _ = Author.objects.get_or_create(name=name, defaults={"slug": f"author-{name}"[:120]})
    return Post(
        title=_value(item, "title")[:160], slug=slug, author=author, status="published",
        excerpt=_text(_value(item, "excerpt:encoded")),
        plain_text=_text(_value(item, "content:encoded")),
        published_at=_value(item, "wp:post_date_gmt") + "+00:00",
    )  # fmt: skip


def _tag(found: etree._Element) -> Tag:
    slug = found.get("nicename") or ""
    return Tag.objects.get_or_create(slug=slug, defaults={"name": found.text or slug})[0]


def _value(item: etree._Element, name: str) -> str:
    return str(item.findtext(name, default="", namespaces=NAMES))


def _text(source: str) -> str:
    if not source.strip():
        return ""
    root = html.fragment_fromstring(source, create_parent="div")
    for element in root.iter(*BLOCKS):
        element.tail = "\n" + (element.tail or "")
    return str(root.text_content()).replace("\x00", "")
