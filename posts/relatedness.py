"""Which posts belong beside a post: computed when it is published or changed, then stored.

Score = text + tags. Text: cosine similarity of TF-IDF weights (Salton & Buckley 1988) over the
lexemes PostgreSQL already stores, kept to the post's most telling words. Tags: each shared tag
counts by its rarity, log(posts / posts with the tag). Both are scaled to the best candidate.
"""

import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from posts.models import Post, RelatedChoice, RelatedPost, Tag

KEPT = 10  # stored; five are shown, and a withdrawn one leaves no gap
TELLING_WORDS = 30
CANDIDATES = 400
TEXT_SHARE = 0.65
WEIGHT = {"A": 3.0, "B": 2.0, "C": 1.5, "D": 1.0}

_WORDS = """
SELECT lexeme, positions, weights FROM posts_post, unnest(search_vector) WHERE posts_post.id = %s
"""
_DOCUMENTS_WITH = """
SELECT word, (SELECT count(*) FROM posts_post
              WHERE status = 'published' AND search_vector @@ plain.query)
FROM unnest(%s::text[]) AS word,
     LATERAL (SELECT quote_literal(word)::tsquery AS query) AS plain
"""
_TEXT_CANDIDATES = """
SELECT id FROM posts_post
WHERE status = 'published' AND id <> %(post)s AND search_vector @@ %(query)s::tsquery
ORDER BY ts_rank(search_vector, %(query)s::tsquery) DESC, id DESC LIMIT %(most)s
"""
_CANDIDATE_WORDS = """
SELECT posts_post.id, length(search_vector), lexeme, weights
FROM posts_post, unnest(search_vector)
WHERE posts_post.id = ANY(%s) AND lexeme = ANY(%s)
"""


@dataclass
class Candidate:
    post_id: int
    text: float = 0.0
    tags: float = 0.0
    words: dict[str, float] = field(default_factory=dict)
    shared_tags: list[str] = field(default_factory=list)
    score: float = 0.0


def relate(post_id: int, *, with_neighbours: bool = True) -> None:
    """Compute and store the related posts of one post, and then of those it is now beside.

    Idempotent; does nothing for a post that is gone. The reason for each row is stored with it.
    """
    post = Post.objects.filter(pk=post_id).first()
    if post is None:
        return
    rows = _rows(post)
    with transaction.atomic():
        # One at a time per post: two jobs for it must not store two lists.
        Post.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=post_id)
        RelatedPost.objects.filter(post=post).delete()
        RelatedPost.objects.bulk_create(rows)
        Post.objects.filter(pk=post_id).update(related_at=timezone.now())
    if with_neighbours and post.is_published():
        for row in rows:
            relate(row.related_id, with_neighbours=False)


def overdue(limit: int = 50) -> list[int]:
    """Return posts that became public (by the clock, say) since they were last related."""
    waiting = Post.objects.published().filter(
        Q(related_at=None) | Q(related_at__lt=F("published_at"))
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])


def _rows(post: Post) -> list[RelatedPost]:
    choices = list(post.related_choices.select_related("related"))
    pins = [c.related_id for c in choices if c.verdict == RelatedChoice.Verdict.PIN]
    decided = {choice.related_id for choice in choices}
    scored = [c for c in _scored(post) if c.post_id not in decided][: KEPT - len(pins[:KEPT])]
    rows = [
        RelatedPost(post=post, related_id=pk, position=place, score=1.0, reason={"pinned": True})
        for place, pk in enumerate(pins[:KEPT], 1)
    ]
    for place, candidate in enumerate(scored, len(rows) + 1):
        rows.append(
            RelatedPost(
                post=post, related_id=candidate.post_id, position=place,
                score=round(candidate.score, 4), reason=_reason(candidate, post),
            )
        )  # fmt: skip
    return rows


def _scored(post: Post) -> list[Candidate]:
    """Return the candidates with anything in common, best first; the newer wins a tie."""
    candidates: dict[int, Candidate] = {}
    _score_tags(post, candidates)
    _score_text(post, candidates)
    best_text = max((c.text for c in candidates.values()), default=0) or 1
    best_tags = max((c.tags for c in candidates.values()), default=0) or 1
    for candidate in candidates.values():
        candidate.score = (
            TEXT_SHARE * candidate.text / best_text + (1 - TEXT_SHARE) * candidate.tags / best_tags
        )
    return sorted(candidates.values(), key=lambda c: (-c.score, -c.post_id))


def _score_tags(post: Post, candidates: dict[int, Candidate]) -> None:
    total = Post.objects.published().count() or 1
    tags = Tag.objects.filter(tagged_posts__content_object=post).values("pk")
    for tag in Tag.objects.filter(pk__in=tags).with_post_count():
        rarity = math.log((total + 1) / (tag.post_count + 0.5))
        others = Post.objects.published().tagged(tag).exclude(pk=post.pk).newest_first()
        for pk in others.values_list("pk", flat=True)[:CANDIDATES]:
            candidate = candidates.setdefault(pk, Candidate(pk))
            candidate.tags += max(rarity, 0.05)
            candidate.shared_tags.append(tag.name)


def _score_text(post: Post, candidates: dict[int, Candidate]) -> None:
    telling = _telling_words(post.pk)
    if not telling:
        return
    with connection.cursor() as cursor:
        query = " | ".join(_quoted(word) for word in telling)
        cursor.execute(_TEXT_CANDIDATES, {"post": post.pk, "query": query, "most": CANDIDATES})
        public = Post.objects.published().filter(pk__in=[pk for (pk,) in cursor.fetchall()])
        for pk in public.values_list("pk", flat=True):
            candidates.setdefault(pk, Candidate(pk))
        cursor.execute(_CANDIDATE_WORDS, [list(candidates), list(telling)])
        found: dict[int, dict[str, float]] = defaultdict(dict)
        for pk, length, word, weights in cursor.fetchall():
            # A long post holds more words by chance; the root of its length evens that out.
            found[pk][word] = telling[word] * _frequency(weights) / math.sqrt(length or 1)
    for pk, words in found.items():
        candidates[pk].words = words
        candidates[pk].text = sum(telling[word] * value for word, value in words.items())


def _telling_words(post_id: int) -> dict[str, float]:
    """Return the post's lexemes that say most about it, each with its TF-IDF weight."""
    with connection.cursor() as cursor:
        cursor.execute(_WORDS, [post_id])
        frequency = {
            word: _frequency(weights) for word, _, weights in cursor.fetchall() if len(word) > 2
        }
        common = sorted(frequency, key=lambda word: (-frequency[word], word))[: TELLING_WORDS * 4]
        cursor.execute(_DOCUMENTS_WITH, [common])
        documents = dict(cursor.fetchall())
    total = max(Post.objects.published().count(), 1)
    weight = {
        word: frequency[word] * math.log(1 + total / documents[word])
        for word in common
        if 1 < documents[word] <= max(total / 2, 3)
    }
    top = sorted(weight, key=lambda word: (-weight[word], word))[:TELLING_WORDS]
    length = math.sqrt(sum(weight[word] ** 2 for word in top)) or 1
    return {word: weight[word] / length for word in top}


def _frequency(weights: list[str] | None) -> float:
    """Return a damped count of a lexeme, the title's occurrences counting more."""
    return 1 + math.log(sum(WEIGHT[letter] for letter in weights or ["D"]))


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _reason(candidate: Candidate, post: Post) -> dict[str, Any]:
    """Return what the editor reads: the shared tags, and the words as the post spells them."""
    top = sorted(candidate.words, key=lambda word: -candidate.words[word])[:4]
    spelled = re.findall(r"\w+", f"{post.title} {post.plain_text}".lower())
    return {
        "tags": sorted(candidate.shared_tags),
        "words": [_as_spelled(stem, spelled) for stem in top],
        "text": round(candidate.text, 4),
        "rarity": round(candidate.tags, 4),
    }


def _as_spelled(stem: str, words: list[str]) -> str:
    """Return the first word of the text with this stem (the stemmer writes recovery "recoveri")."""
    start = stem[:-1] if stem.endswith("i") else stem
    return next((word for word in words if word.startswith(start)), stem)
