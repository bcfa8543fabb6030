"""What pages tell search engines about themselves: JSON-LD in the words of schema.org.

The required and recommended properties are those of Google's documentation of structured data
(Article, Profile page, Breadcrumb) as of 2025. Nothing is told here that the page does not show.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from pbrsite.mail import absolute
from posts import cards
from posts.models import Author, Post, Series, Tag

Data = dict[str, Any]
LONGEST_DESCRIPTION = 300


def article(post: Post) -> SafeString:
    """Describe a post fetched by `for_page`; no query."""
    url, topic = absolute(post.get_absolute_url()), post.topic
    published_at = post.published_at or post.created_at
    data: Data = {
        "@type": "Article",
        "@id": f"{url}#article",
        "mainEntityOfPage": url,
        "url": url,
        "headline": post.display_title,
        "description": post.summary,
        "image": _images(post),
        "datePublished": published_at.isoformat(),
        "dateModified": (post.updated_at or published_at).isoformat(),
        "author": [_byline(author) for author in post.byline()],
        "publisher": _publisher(),
        "keywords": sorted(tag.name for tag in post.tags.all()),
        "wordCount": post.word_count,
        "inLanguage": settings.LANGUAGE_CODE,
        "isAccessibleForFree": True,
        "articleSection": topic.name if topic else None,
        "isPartOf": _part_of(post),
        "correction": [
            {"@type": "CorrectionComment", "name": notice.get_kind_display(), "text": notice.text,
             "datePublished": notice.noted_at.isoformat()}
            for notice in post.notices()
        ],
    }  # fmt: skip
    above = [(topic.name, topic.get_absolute_url())] if topic else []
    return _scripts(data, _breadcrumbs([*above, (post.display_title, "")]))


def profile(author: Author) -> SafeString:
    data: Data = {
        "@type": "ProfilePage",
        "url": absolute(author.get_absolute_url()),
        "mainEntity": _byline(author) | {
            "jobTitle": None if author.is_organisation else author.role,
            "description": author.bio or author.role,
        },
    }  # fmt: skip
    return _scripts(data, _breadcrumbs([(author.name, "")]))


def topic(tag: Tag) -> SafeString:
    return _collection(
        "CollectionPage", tag.topic_heading, tag.description, tag.get_absolute_url(), about=tag.name
    )


def series(shown: Series) -> SafeString:
    return _collection(
        "CreativeWorkSeries", shown.title, shown.description, shown.get_absolute_url()
    )


def website() -> SafeString:
    """Describe the site on its home page, and how it is searched."""
    search = {
        "@type": "SearchAction",
        "target": {
            "@type": "EntryPoint",
            "urlTemplate": absolute("/search/?q={search_term_string}"),
        },
        "query-input": "required name=search_term_string",
    }
    data: Data = _site() | {
        "alternateName": settings.SITE_STRAPLINE,
        "description": settings.SITE_DESCRIPTION,
        "inLanguage": settings.LANGUAGE_CODE,
        "publisher": _publisher(),
        "potentialAction": search,
    }
    return _scripts(data)


def _collection(
    kind: str, name: str, description: str, path: str, *, about: str = ""
) -> SafeString:
    data: Data = {
        "@type": kind,
        "name": name,
        "description": description[:LONGEST_DESCRIPTION],
        "url": absolute(path),
        "about": about,
        "isPartOf": _site(),
    }
    return _scripts(data, _breadcrumbs([(name, "")]))


def _images(post: Post) -> list[Data]:
    """Return the lead image as it is and the social card, which every post has."""
    card = cards.card_of(post)
    found = [(absolute(card.url), card.width, card.height)]
    if post.lead_image and post.lead_image.picture.width:
        picture = post.lead_image.picture
        found.insert(0, (absolute(picture.src), picture.width, picture.height))
    return [
        {"@type": "ImageObject", "url": url, "width": width, "height": height}
        for url, width, height in found
    ]


def _byline(author: Author) -> Data:
    kind = "Organization" if author.is_organisation else "Person"
    return {"@type": kind, "name": author.name, "url": absolute(author.get_absolute_url())}


def _part_of(post: Post) -> Data | None:
    if post.series is None:
        return None
    url = absolute(post.series.get_absolute_url())
    return {"@type": "CreativeWorkSeries", "name": post.series.title, "url": url}


def _publisher() -> Data:
    logo = {"@type": "ImageObject", "url": absolute(static("pbrsite/icon.png"))}
    return {"@type": "Organization", "name": settings.SITE_NAME, "url": absolute("/"), "logo": logo}


def _site() -> Data:
    return {"@type": "WebSite", "name": settings.SITE_NAME, "url": absolute("/")}


def _breadcrumbs(steps: Iterable[tuple[str, str]]) -> Data:
    """Return the way from the home page; the last step is the page itself and needs no address."""
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": path and absolute(path)}
        for place, (name, path) in enumerate([("Home", "/"), *steps], 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": [_said(item) for item in items]}


def _said(data: Data) -> Data:
    """Return the data without what is empty: a property without a value is an error."""
    return {name: value for name, value in data.items() if value not in (None, "", [])}


def _scripts(*documents: Data) -> SafeString:
    """Return a script element for each document, which nothing in its data can close."""
    return mark_safe("\n  ".join(map(_script, documents)))  # noqa: S308


def _script(data: Data) -> str:
    said = _said(
        {name: _said(value) if isinstance(value, dict) else value for name, value in data.items()}
    )
    document = {"@context": "https://schema.org", **said}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # As Django's json_script.
    escapes = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
    return f'<script type="application/ld+json">{text.translate(escapes)}</script>'
