"""Which post a mistyped address meant, by the likeness of its words."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import itemgetter, or_

from django.db.models import Q, Value
from django.utils import timezone
from rapidfuzz import fuzz, process

from posts import permalinks
from posts.models import Post
from posts.redirects import Redirect

GOOD, FAIR = 84, 70  # of 100: for readers, for editors who look before they press
SHORTEST = 5  # letters
TRUNCATED = 8  # letters of a cut-off address that name a post
CANDIDATES = 500
BEGINNING, LATER = 3, 5  # letters that an address has in common with what was meant by it
LAST = chr(0x10FFFF)  # sorts after every text with the same beginning
TITLED = ("title", "slug", "is_retracted")


def words_of(path: str) -> str:
    """Return the words a path names: "old post" of /2019/03/old-post/, "" of what is no slug."""
    slugs = permalinks.read(path).slugs
    return _words(slugs[0]) if slugs else ""


def did_you_mean(path: str) -> Post | None:
    """Return the public post a reader most likely wanted, or None; at most one query.

    It holds what a link to it needs. Only slugs with the same three letters in front are compared:
    that much the index gives.
    """
    meant = permalinks.read(path).slugs
    if not meant or len(meant[0]) < SHORTEST:
        return None
    alike = Post.objects.published().filter(slug__startswith=meant[0][:BEGINNING])
    rows = alike.order_by().values(*TITLED)[:CANDIDATES]
    known = {_words(row["slug"]): row for row in rows}
    found = nearest(_words(meant[0]), sorted(known), least=GOOD)
    return Post(**known[found]) if found else None


def suggestions(paths: Iterable[str]) -> dict[str, Post]:
    """Return the likeliest public post of each path that has one: two queries, however many.

    Compared are addresses, also earlier ones, that begin with the same letters as the path, or as
    a later word of it: that much the indexes give, and at 100,000 posts nothing else is quick.
    """
    asked = {path: meant for path in paths if len(meant := words_of(path)) >= SHORTEST}
    pks = _beginning_with({start for meant in asked.values() for start in _beginnings(meant)})
    known, likeliest = sorted(pks), {}
    for path, meant in asked.items():
        found = nearest(meant, _near(meant, known), least=FAIR)
        if found:
            likeliest[path] = pks[found]
    public = Post.objects.published(timezone.now()).only(*TITLED, "status", "published_at")
    posts = public.in_bulk(set(likeliest.values()))
    return {path: posts[pk] for path, pk in likeliest.items() if pk in posts}


def _beginnings(meant: str) -> list[str]:
    """Return how an address may begin that was meant by these words."""
    later = [word[:LATER] for word in meant.split()[1:] if len(word) >= LATER]
    return [meant[:BEGINNING], *later]


def _beginning_with(beginnings: set[str]) -> dict[str, int]:
    """Return the public posts' addresses that begin so, as words, each with its post's key."""
    if not beginnings:
        return {}
    public = Post.objects.published(timezone.now()).order_by()
    starts = [start.replace(" ", "-") for start in beginnings]
    slugs = reduce(or_, (Q(slug__startswith=start) for start in starts))
    paths = reduce(or_, (Q(path__startswith=f"/{start}") for start in starts))
    old = Redirect.objects.filter(paths, origin=Redirect.Origin.POST, post__in=public.values("pk"))
    # Where two are the same words, the address of today counts: it is the later of the rows.
    now = public.filter(slugs).values_list("slug", "pk", Value(1))
    rows = old.order_by().values_list("path", "post_id", Value(0)).union(now, all=True)
    return {_words(text.strip("/")): pk for text, pk, _ in sorted(rows, key=itemgetter(2))}


def _near(meant: str, known: list[str]) -> list[str]:
    """Return which of the sorted texts begin like this one or a later word of it, sorted."""
    near: set[str] = set()
    for start in _beginnings(meant):
        near.update(known[bisect_left(known, start) : bisect_left(known, start + LAST)])
    return sorted(near)


def nearest(meant: str, known: Sequence[str], *, least: float) -> str | None:
    """Return which of the sorted texts is most like what was meant, or None."""
    if len(meant) < SHORTEST:
        return None
    place = bisect_left(known, meant)
    longer = [text for text in known[place : place + 2] if text.startswith(meant)]
    if len(meant) >= TRUNCATED and len(longer) == 1:
        return longer[0]
    # Among three words one may be missing; one or two alone are part of very many titles.
    scorer = fuzz.token_ratio if meant.count(" ") >= 2 else fuzz.ratio
    found = process.extractOne(meant, known, scorer=scorer, score_cutoff=least)
    return found[0] if found else None


def _words(slug: str) -> str:
    return " ".join(slug.replace("-", " ").split())
