"""What a post's page tells search engines of its comments, in the words of schema.org.

The script names the article that the post's own data describes by the same `@id`, and adds to it:
two descriptions of one thing, which JSON-LD joins. Only what the page shows: name, words, date.
"""

import html
import json
import re

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from comments.threads import Page, Row
from posts.models import Post

SHOWN = 10  # comments, and of each so many characters: the page has them all once already
LONGEST = 300
_TAG = re.compile(r"<[^>]*>")
_SAFE = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}  # as Django's json_script


def comments(post: Post, page: Page) -> SafeString:
    """Return a script element that tells of the first comments of the page; no query."""
    url = settings.SITE_URL + post.get_absolute_url()
    shown = [row for row in page.rows if row["is_public"]][:SHOWN]
    data = {
        "@context": "https://schema.org",
        "@type": "Article",
        "@id": f"{url}#article",
        "commentCount": page.total,
        "comment": [_comment(row) for row in shown],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_SAFE)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308


def _comment(row: Row) -> dict[str, object]:
    text = html.unescape(_TAG.sub(" ", row["body_html"]))
    return {
        "@type": "Comment",
        "url": settings.SITE_URL + row["url"],
        "author": {"@type": "Person", "name": row["name"]},
        "datePublished": row["iso"],
        "text": " ".join(text.split())[:LONGEST],
    }
