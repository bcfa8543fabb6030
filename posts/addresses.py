"""What answers at an address that is no page: the way to where it moved, or that it is gone.

Asked only when nothing else answered (a 404), and for WordPress's query forms on the home page; a
request that finds its page costs nothing here. Two queries at most.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse

from posts import permalinks
from posts.models import Author, Post, PostQuerySet, Series, Tag
from posts.permalinks import Wanted
from posts.redirects import Redirect

GONE = ""  # an answer like the other ones, which are addresses
LEFT_OUT = permalinks.HOME_KEYS | {"replytocom"}


def answer(request: HttpRequest) -> HttpResponse | None:
    """Return what to say instead of 404: a permanent redirect, 410, or None."""
    path = request.path_info
    if path == "/" or permalinks.is_closed(path):
        return None
    wanted = permalinks.read(path)
    # A reader may have written for an hour: the comment follows its post (308 keeps the method).
    is_kept = request.method == "POST" and wanted.tail == "comments/"
    if request.method not in {"GET", "HEAD"} and not is_kept:
        return None
    asked_by_query = wanted.fixed == "/" and _asked_by_query(request)
    found = find(asked_by_query or wanted, asked=path)
    return None if found in {None, path} else respond(request, str(found))


def for_home(request: HttpRequest) -> HttpResponse | None:
    """Return where WordPress's `/?p=123` and the like lead; None for the home page itself.

    Raises Http404 for what names a row that is not here. A plain home page never comes this far.
    """
    wanted = _asked_by_query(request) if request.META.get("QUERY_STRING") else None
    if wanted is None:
        return None
    found = find(wanted)
    if found is None:
        raise Http404("Nothing of that number is here.")
    return respond(request, found)


def _asked_by_query(request: HttpRequest) -> Wanted | None:
    is_plain = permalinks.HOME_KEYS.isdisjoint(request.GET)
    return None if is_plain else permalinks.read_query(request.GET)


def find(wanted: Wanted, *, asked: str = "") -> str | None:
    """Return the address that answers, GONE, or None. The path `asked` itself is known to be dead.

    Nothing that is not public is ever named.
    """
    if wanted.fixed:
        return wanted.fixed
    rows = {row.path: row for row in Redirect.objects.at(wanted.paths)}
    exact = rows.get(wanted.paths[0]) if wanted.is_exact else None
    if exact and (found := _target(exact, wanted.tail)) is not None:
        return found
    if (live := _live(wanted, asked)) is not None:
        return live
    answers = (_target(rows[path], wanted.tail) for path in wanted.paths if path in rows)
    return next((found for found in answers if found is not None), None)


def leading_on(paths: set[str]) -> set[str]:
    """Return which of these paths, no pages themselves, lead to where a page moved; one query."""
    tidy = {path: permalinks.tidy(path) for path in paths}
    rows = Redirect.objects.at(tuple(set(tidy.values())))
    answering = {row.path for row in rows if _target(row, "")}
    return {path for path in paths if tidy[path] in answering}


def _target(row: Redirect, tail: str) -> str | None:
    """Return where a row leads; None while its post or topic is not public but may be again."""
    if row.post:
        if row.post.is_published():
            return row.post.get_absolute_url() + tail
        return GONE if row.post.status == Post.Status.WITHDRAWN else None
    if row.tag:
        return row.tag.get_absolute_url() + _feed(tail) if row.has_public_tag else None
    return row.target or GONE


def _live(wanted: Wanted, asked: str) -> str | None:
    """Return the address of the public page that was meant; at most one query."""
    if wanted.tag:
        tag = Tag.objects.public().at([wanted.tag]).first()
        return tag.get_absolute_url() + _feed(wanted.tail) if tag else None
    if wanted.author:
        author = Author.objects.public().filter(slug=wanted.author).first()
        return author.get_absolute_url() + _feed(wanted.tail) if author else None
    if wanted.wordpress_id is not None:
        return _address(Post.objects.filter(wordpress_id=wanted.wordpress_id))
    slugs = [slug for slug in wanted.slugs if f"/{slug}/{wanted.tail}" != asked]
    if not slugs:
        return None
    public = Post.objects.published().filter(slug__in=slugs).values_list("slug", flat=True)
    best = min(public, key=slugs.index, default=None)
    return reverse("posts:detail", args=[best]) + wanted.tail if best else None


def of_number(number: int) -> str | None:
    """Return the address of the public post with this number, GONE, or None; one query."""
    return _address(Post.objects.filter(pk=number))


def _address(posts: PostQuerySet) -> str | None:
    post = posts.only("slug", "status", "published_at").first()
    return _target(Redirect(post=post), "") if post else None


def _feed(tail: str) -> str:
    """Return the tail where it is a feed: a topic has no comments."""
    return tail if tail == "feed/" else ""


def respond(request: HttpRequest, found: str) -> HttpResponse:
    """Answer 410 or a permanent redirect, with the query string as far as it still means something.

    Not to be kept unasked: browsers keep a permanent redirect for good, and after a rename and back
    they would go in circles between the two they remember.
    """
    if found == GONE:
        response = render(request, "410.html", status=410)
    else:
        response = HttpResponsePermanentRedirect(_with_query(request, found))
        response.status_code = 301 if request.method in {"GET", "HEAD"} else 308
    response["Cache-Control"] = "no-cache"
    return response


def _with_query(request: HttpRequest, found: str) -> str:
    given = request.GET.copy()
    for key in LEFT_OUT & given.keys():
        del given[key]
    if not given or not found.startswith("/"):
        return found
    return f"{found}{'&' if '?' in found else '?'}{given.urlencode()}"


def is_live(path: str) -> bool:
    """Return whether a page of this site answers at the path now; at most one query."""
    try:
        match = resolve(path)
    except Resolver404:
        return False
    slug = match.kwargs.get("slug")
    rooms: dict[str, QuerySet[Any]] = {
        "tag": Tag.objects.public(),
        "author": Author.objects.public(),
        "series": Series.objects.public(),
        "detail": Post.objects.published(),
    }
    rows = rooms.get(str(match.url_name).partition("_")[0])
    if match.app_name == "comments":
        rows = rooms["detail"]
    return rows is None or rows.filter(slug=slug).exists()
