"""Whether a link of a body leads somewhere: well formed, and alive where it stays on our site."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

from posts import addresses
from posts.models import Post
from posts.permalinks import PLAIN_URL, is_ours, split
from posts.rendering import PAGE_HOOKS

__all__ = ["dead", "is_ours", "is_well_formed"]

SPACE = re.compile(r"\s")


def is_well_formed(target: str) -> bool:
    """Return whether a browser would go where the writer meant."""
    target = target.strip()
    if PLAIN_URL.fullmatch(target):
        return True
    parts = split(target)
    if parts is None or not target or SPACE.search(target):
        return False
    if parts.scheme in {"http", "https"}:
        return _is_host(parts.hostname or "") or is_ours(target)
    if parts.scheme == "mailto":
        return "@" in parts.path[1:-1]
    return not parts.scheme and not parts.netloc and target[0] in "/#" and target != "#"


def dead(targets: Iterable[str], *, post: Post, anchors: set[str]) -> list[str]:
    """Return the links of ours that lead nowhere; two queries however many there are.

    A post counts that is out or will be by the clock, and an old address that leads on to where
    its page moved; `anchors` are the ids of the post's own page.
    """
    places = [(target, urlsplit(target.strip())) for target in targets if is_ours(target)]
    here = {"", f"/{post.slug}/", f"/{post.slug}"}
    slugs = {parts.path: _slug(parts.path) for _, parts in places if parts.path not in here}
    wanted = {slug for slug in slugs.values() if slug}
    alive = _alive(wanted) if wanted else set()
    lost = {path for path, slug in slugs.items() if slug is None or (slug and slug not in alive)}
    lost -= addresses.leading_on(lost) if lost else set()
    known = {"", *anchors, *PAGE_HOOKS}
    return [
        target for target, parts in places
        if parts.path in lost or (parts.path in here and parts.fragment not in known)
    ]  # fmt: skip


def _alive(slugs: set[str]) -> set[str]:
    return set(Post.objects.released().filter(slug__in=slugs).values_list("slug", flat=True))


def _slug(path: str) -> str | None:
    """Return the slug if the path is a post's, "" for another page of ours, None for no page."""
    if path.startswith((settings.MEDIA_URL, settings.STATIC_URL)):
        return ""
    try:
        found = resolve(
            path if path.endswith("/") or "." in path.rpartition("/")[2] else f"{path}/"
        )
    except Resolver404:
        return None
    if found.app_names[:1] == ["admin"]:
        return None  # Copied from the editor's own screen: readers have no log-in.
    return str(found.kwargs["slug"]) if found.view_name == "posts:detail" else ""


def _is_host(name: str) -> bool:
    """Return whether this can be another site's name: it has a dot, and something around it."""
    return ("." in name.strip(".") and ".." not in name) or ":" in name
