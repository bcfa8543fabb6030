"""Addresses a post may not take, since another page of the site has them."""

from django.core.exceptions import ValidationError

# fmt: off
RESERVED = frozenset({
    "about", "admin", "archive", "archives", "atom", "author", "category", "comments",
    "corrections", "digest", "favicon", "feed", "healthz", "hooks", "index", "login", "media",
    "opensearch", "p", "page", "preview", "privacy", "rdf", "readyz", "robots", "rss", "rss2",
    "search", "series", "sitemap", "static", "subscribe", "subscription", "tag", "tags", "u",
    "wp-admin", "wp-content", "wp-includes", "wp-json", "wp-login", "xmlrpc",
})
# fmt: on


def validate_slug(slug: str) -> None:
    """Refuse a reserved word, and a number that would be read as a year's archive."""
    if slug in RESERVED or slug.isdigit():
        raise ValidationError(
            f"“{slug}” is the address of another page of this site. Add a word to it."
        )
