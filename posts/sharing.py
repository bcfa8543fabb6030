"""What a post tells the outside: plain share links, and JSON-LD for machines."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from pbrsite.mail import absolute
from posts.models import Post


def links(post: Post) -> list[dict[str, str]]:
    """Return {"name", "url"} of each network's own share page: no script, no tracker."""
    url, title = absolute(post.get_absolute_url()), post.title
    return [
        {"name": "X", "url": "https://x.com/intent/post?" + urlencode({"text": title, "url": url})},
        {"name": "Facebook",
         "url": "https://www.facebook.com/sharer/sharer.php?" + urlencode({"u": url})},
        {"name": "LinkedIn",
         "url": "https://www.linkedin.com/sharing/share-offsite/?" + urlencode({"url": url})},
        {"name": "Bluesky",
         "url": "https://bsky.app/intent/compose?" + urlencode({"text": f"{title} {url}"})},
        {"name": "Link to this post", "url": url},
        {"name": "E-mail", "url": f"mailto:?subject={quote(title)}&body={quote(url)}"},
    ]  # fmt: skip


def json_ld(post: Post) -> SafeString:
    """Return the post as schema.org Article, safe inside a script element."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": post.display_title,
        "description": post.summary,
        "url": absolute(post.get_absolute_url()),
        "datePublished": post.published_at and post.published_at.isoformat(),
        "dateModified": (post.updated_at or post.published_at or post.created_at).isoformat(),
        "author": [
            {"@type": "Person", "name": author.name, "url": absolute(author.get_absolute_url())}
            for author in post.byline()
        ],
        "publisher": {"@type": "Organization", "name": settings.SITE_NAME,
                      "url": settings.SITE_URL},
        "keywords": [tag.name for tag in post.tags.all()],
        "wordCount": post.word_count,
    }  # fmt: skip
    if notices := post.notices():
        data["correction"] = [
            {"@type": "CorrectionComment", "name": notice.get_kind_display(), "text": notice.text,
             "datePublished": notice.noted_at.isoformat()}
            for notice in notices
        ]  # fmt: skip
    if post.lead_image:
        data["image"] = absolute(post.lead_image.image_file.url)
    text = json.dumps(data, ensure_ascii=False)
    # As Django's json_script: nothing in the data can close the element.
    escapes = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
    return mark_safe(text.translate(escapes))  # noqa: S308
