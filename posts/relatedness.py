"""Which posts belong beside a post: computed when it is published or changed, then stored.

In the list stand the editor's pins, then the parts of the same series, then the rest by likeness
(`posts.likeness`); never what the editor banned, what the public does not see, or a near-duplicate
of a post above it in the list (`likeness.are_twins`). A pin stands whatever it resembles.

Who is computed when: a post by the job that saving it defers, and with it, in jobs, the posts it
is now beside or has left; the whole archive by `manage.py relate --all`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from posts import corpus, frequencies, weighing
from posts.arrangement import Place, arrange
from posts.corpus import Corpus, LoadedCorpus, StoredCorpus
from posts.explanations import Explanations
from posts.frequencies import Vocabulary
from posts.likeness import Likeness, Measure
from posts.models import Post, RelatedPost, TermVector
from posts.tagging import batches
from posts.termvectors import Vector
from posts.ties import Ties, ties

KEPT = 10  # stored; five are shown, and a withdrawn one leaves no gap
NEIGHBOURS = 30  # lists re-done because one post changed
ENTERED = 20  # nearest posts whose lists a new one may enter
SMALL = 500  # posts; so few are read anew whenever their number changed
CATCH_UP = 200  # posts without a vector that one job reads before its own
RANKED = 60  # enough for a list after bans and twins
BATCH = 100  # lists stored in one transaction


class Scored(NamedTuple):
    """A post's likeliest relatives, best first, and what they were compared with."""

    ranked: list[Likeness]
    measure: Measure


class Step(NamedTuple):
    """How far the whole archive is."""

    name: str
    done: int
    total: int


def relate(post_id: int, *, with_neighbours: bool = True, now: datetime | None = None) -> list[int]:
    """Compute and store the related posts of one post, and of the posts around it.

    Idempotent; does nothing for a post that is gone. The reason for each row is stored with it.
    Returns the posts around it, for a caller who has their lists made later: public ones that
    had it in their lists or may have it now, at most `NEIGHBOURS`.
    """
    now = now or timezone.now()
    before = holders(post_id)
    near = relate_batch([post_id], now=now)
    others = list(dict.fromkeys([*before, *near]))[:NEIGHBOURS]
    if with_neighbours:
        _relate(others, StoredCorpus(now))
    return others


def relate_batch(post_ids: Sequence[int], *, now: datetime | None = None) -> list[int]:
    """Compute and store the lists of these posts; return the public posts nearest to them."""
    now = now or timezone.now()
    _catch_up(now)
    for _ in weighing.weigh(post_ids):
        pass
    scored = _relate(post_ids, StoredCorpus(now))
    near = (one.post_id for each in scored.values() for one in each.ranked[:ENTERED])
    return list(dict.fromkeys(near))


def relate_each(post_ids: Sequence[int]) -> Iterator[Step]:
    """Relate these posts and those around them; yield how far it is."""
    one_by_one = (len([relate(pk)]) for pk in post_ids)
    yield from _steps("Relating posts", one_by_one, len(post_ids))


def relate_all(now: datetime) -> Iterator[Step]:
    """Relate every post that is out or scheduled; yield how far it is.

    Each batch is committed, so an interrupted run loses nothing and may be started again. Memory:
    three kilobytes for each post, and for the words of the archive.
    """
    released = list(Post.objects.released().order_by("pk").values_list("pk", flat=True))
    public = list(Post.objects.published(now).order_by("pk").values_list("pk", flat=True))
    yield from _steps("Counting words", weighing.count_words(public), len(public))
    known = Vocabulary.whole()
    yield from _steps("Weighing words", weighing.weigh(released, known), len(released))
    whole = LoadedCorpus(now, known)
    parts = (len(_relate(batch, whole)) for batch in batches(released, BATCH))
    yield from _steps("Relating posts", parts, len(released))


def holders(post_id: int) -> list[int]:
    """Return posts in whose lists it stands, those that show it first: at most `NEIGHBOURS`."""
    rows = RelatedPost.objects.filter(related=post_id).order_by("position", "-post")
    return list(rows.values_list("post", flat=True)[:NEIGHBOURS])


def overdue(limit: int | None = 50) -> list[int]:
    """Return posts that became public (by the clock, say) since they were last related."""
    waiting = Post.objects.published().filter(
        Q(related_at=None) | Q(related_at__lt=F("published_at"))
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])


def _steps(name: str, parts: Iterator[int], total: int) -> Iterator[Step]:
    done = 0
    yield Step(name, done, total)
    for part in parts:
        done += part
        yield Step(name, done, total)


def _catch_up(now: datetime) -> None:
    """Have the archive readable: words counted while it is small, no public post without a vector.

    A large archive's words are counted by the clock, and an import's posts by `relate --all`.
    """
    public = Post.objects.published(now)
    pks = list(public.order_by("pk").values_list("pk", flat=True)[: SMALL + 1])
    if len(pks) <= SMALL and frequencies.is_stale(len(pks)):
        for _ in weighing.count_words(pks):
            pass
        waiting = pks
    else:
        waiting = weighing.unweighed(CATCH_UP)
    for _ in weighing.weigh(waiting):
        pass


def _relate(post_ids: Sequence[int], archive: Corpus) -> dict[int, Scored]:
    """Compute and store the lists of these posts; return what they were compared with."""
    tied = ties(post_ids, archive.now)
    scored: dict[int, Scored] = {}
    for vector in TermVector.objects.filter(post__in=post_ids).vectors(archive.now):
        scored[vector.post_id] = _scored(vector, archive, tied[vector.post_id])
    _store(scored)
    return scored


def _scored(vector: Vector, archive: Corpus, tied: Ties) -> Scored:
    """Compare one post with its likeliest relatives, and with all it is tied to."""
    measure = corpus.measure(vector, archive)
    near = corpus.candidates(measure, archive)
    linked = frozenset(tied.cites | tied.cited_by)
    others = {*near, *linked, *tied.parts[:KEPT], *tied.pins} - {vector.post_id}
    ranked = measure.rank(archive.vectors(others), linked)
    return Scored(ranked[:RANKED], measure)


@transaction.atomic
def _store(scored: dict[int, Scored]) -> None:
    """Replace the lists that changed; one job at a time for each post, by the lock on its row.

    The editor's choices are read under the lock: a list made before a pin never overwrites the
    one made after it.
    """
    rows = Post.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=scored)
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    now = timezone.now()
    tied = ties(pks, now)
    lists = {pk: arrange(scored[pk].ranked, tied[pk], most=KEPT) for pk in pks}
    explained = Explanations(lists)
    new = {
        pk: _rows(pk, lists[pk], explained.of(pk, lists[pk], tied[pk], scored[pk].measure))
        for pk in pks
    }
    _replace(new)
    Post.objects.filter(pk__in=pks).update(related_at=now)


def _rows(post_id: int, places: list[Place], reasons: dict[int, Any]) -> list[RelatedPost]:
    return [
        RelatedPost(
            post_id=post_id,
            related_id=place.post_id,
            position=position,
            score=round(place.likeness.score, 4) if place.likeness else 0.0,
            reason=reasons[place.post_id],
        )
        for position, place in enumerate(places, 1)
    ]


def _replace(lists: dict[int, list[RelatedPost]]) -> None:
    """Write the lists that differ: rows that stay as they are keep the pages that show them."""
    stored: dict[int, list[tuple]] = {pk: [] for pk in lists}
    for row in RelatedPost.objects.filter(post__in=lists).order_by("post", "position"):
        stored[row.post_id].append(_content(row))
    changed = [pk for pk in lists if [_content(row) for row in lists[pk]] != stored[pk]]
    RelatedPost.objects.filter(post__in=changed).delete()
    RelatedPost.objects.bulk_create([row for pk in changed for row in lists[pk]], BATCH * KEPT)


def _content(row: RelatedPost) -> tuple:
    return (row.related_id, row.position, row.score, row.reason)
