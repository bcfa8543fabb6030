"""The editors' desk of this room, in Django's admin: writing, classifying, the media library."""

from posts.admin import (
    citations,
    classifying,
    library,
    misses,
    missing,
    redirects,
    strictness,
    tags,
    writing,
)

__all__ = [
    "citations", "classifying", "library", "misses", "missing", "redirects", "strictness", "tags",
    "writing",
]  # fmt: skip
