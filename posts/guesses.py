"""Which post a mistyped address meant, by the likeness of its words."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from django.utils import timezone
from rapidfuzz import fuzz, process

from posts import permalinks
from posts.models import Post
from posts.redirects import Redirect

GOOD, FAIR = 84, 70  # of 100: for readers, for editors who look before they press
SHORTEST = 5  # letters
TRUNCATED = 8  # letters of a cut-off address that name a post
CANDIDATES = 500
TITLED = ("title", "slug", "is_retracted")


def words_of(path: str) -> str:
    """Return the words a path names: "old post" of /2019/03/old-post/, "" of what is no slug."""
    slugs = permalinks.read(path).slugs
    return _words(slugs[0]) if slugs else ""


def did_you_mean(path: str) -> Post | None:
    """Return the public post a reader most likely wanted, or None; at most one query.

    Only slugs with the same three letters in front are compared: that much the index gives.
    """
    meant = permalinks.read(path).slugs
    if not meant or len(meant[0]) < SHORTEST:
        return None
    alike = Post.objects.published().filter(slug__startswith=meant[0][:3])
    posts = {_words(post.slug): post for post in alike.only(*TITLED)[:CANDIDATES]}
    found = nearest(_words(meant[0]), sorted(posts), least=GOOD)
    return posts[found] if found else None


def suggestions(paths: Iterable[str]) -> dict[str, Post]:
    """Return the likeliest public post of each path that has one: three queries, however many."""
    public = Post.objects.published(timezone.now())
    old = Redirect.objects.filter(origin=Redirect.Origin.POST, post__in=public.values("pk"))
    pks = {_words(path.strip("/")): pk for path, pk in old.values_list("path", "post_id")}
    pks |= {_words(slug): pk for slug, pk in public.order_by().values_list("slug", "pk")}
    known = sorted(pks)
    nearby = {path: nearest(words_of(path), known, least=FAIR) for path in paths}
    meant = {path: pks[found] for path, found in nearby.items() if found}
    posts = public.only(*TITLED, "status", "published_at").in_bulk(set(meant.values()))
    return {path: posts[pk] for path, pk in meant.items() if pk in posts}


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
