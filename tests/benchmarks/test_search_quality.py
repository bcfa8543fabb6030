"""How well search finds what people mean, on a real archive: `pytest -m benchmark -s`."""

import random
import re
import zlib
from collections.abc import Callable, Iterator, Sequence

import pytest
from django.db import connection
from django.test import Client

from posts.models import Post
from tests.benchmarks.archives import load_archive, queries

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]

MRR_BAR, RECALL_BAR = 0.52, 0.72
TITLES_FIRST, MISSPELLED_IN_FIVE = 0.95, 0.90
RNG = random.Random(11)  # noqa: S311 (no secret)
Searching = Callable[[str], Iterator[str]]

# What PostgreSQL finds by itself, to compare with: its own words, of the same fields.
_LEXEMES = """
CREATE TEMPORARY TABLE lexemes ON COMMIT DROP AS
SELECT slug, published_at,
    setweight(to_tsvector('english', title), 'A') ||
    setweight(to_tsvector('english', coalesce((
        SELECT string_agg(concat_ws(' ', tag.name, (
            SELECT string_agg(alias.name, ' ') FROM posts_tagalias alias WHERE alias.tag_id = tag.id
        )), ' ')
        FROM posts_taggedpost link JOIN posts_tag tag ON tag.id = link.tag_id
        WHERE link.content_object_id = posts_post.id), '')), 'B') ||
    setweight(to_tsvector('english', concat_ws(' ', standfirst, excerpt, (
        SELECT name FROM posts_author WHERE id = posts_post.author_id), (
        SELECT string_agg(author.name, ' ') FROM posts_coauthor further
        JOIN posts_author author ON author.id = further.author_id
        WHERE further.post_id = posts_post.id))), 'C') ||
    setweight(to_tsvector('english', left(plain_text, 500000)), 'D') AS vector
FROM posts_post WHERE status = 'published'
"""
_ALL_WORDS = """
SELECT slug FROM lexemes, websearch_to_tsquery('english', %s) AS q
WHERE vector @@ q ORDER BY ts_rank_cd(vector, q, 1) DESC, published_at DESC LIMIT 30
"""
_ANY_WORD = """
SELECT slug FROM lexemes,
    (SELECT replace(plainto_tsquery('english', %s)::text, '&', '|')::tsquery AS q) AS asked
WHERE vector @@ q ORDER BY ts_rank(vector, q, 1) DESC, published_at DESC LIMIT 30
"""


def results(client: Client, query: str, *, pages: int = 3) -> Iterator[str]:
    """Yield the slugs of the results as a reader sees them, page after page."""
    for page in range(1, pages + 1):
        response = client.get("/search/", {"q": query, "page": str(page)})
        if response.status_code == 404:
            return
        listed = response.content.decode().partition('id="results"')[2].partition("<nav")[0]
        yield from re.findall(r'card__title"><a href="/([^/"]+)/"', listed)


def in_sql(statement: str) -> Searching:
    def search(query: str) -> Iterator[str]:
        with connection.cursor() as cursor:
            cursor.execute(statement, [query])
            yield from (slug for (slug,) in cursor.fetchall())

    return search


def measured(search: Searching) -> list[float]:
    """Return for each query one over the place of what it describes, 0 beyond the first thirty."""
    found = []
    for words, target, source in queries():
        listed = [slug for slug in search(words) if slug != source][:30]
        found.append(1 / (listed.index(target) + 1) if target in listed else 0.0)
    return found


def mrr(places: Sequence[float]) -> float:
    return sum(places) / len(places)


def recall(places: Sequence[float]) -> float:
    return sum(place >= 0.1 for place in places) / len(places)


def interval(places: Sequence[float], measure: Callable[[Sequence[float]], float]) -> str:
    """Return the 95 % interval of a measure over a thousand resamplings of the queries."""
    drawn = sorted(measure(RNG.choices(places, k=len(places))) for _ in range(1_000))
    return f"{drawn[25]:.3f} to {drawn[974]:.3f}"


def table(name: str, places: Sequence[float]) -> str:
    line = f"{name:28} {mrr(places):.3f} ({interval(places, mrr)})"
    return f"{line}   {recall(places):.3f} ({interval(places, recall)})"


def test_descriptions_by_others_find_the_post(client, capsys):
    load_archive()
    with connection.cursor() as cursor:
        cursor.execute(_LEXEMES)
    ours = measured(lambda words: results(client, words))
    # Parameters were chosen on the first half: queries are parted by what they describe.
    half = [zlib.crc32(target.encode()) % 2 for _, target, _ in queries()]
    with capsys.disabled():
        print(f"\n{'492 descriptions':28} MRR                      recall@10")
        print(table("all words, ts_rank_cd", measured(in_sql(_ALL_WORDS))))
        print(table("any word, ts_rank", measured(in_sql(_ANY_WORD))))
        print(table("ours", ours))
        for number, name in enumerate(("ours, half for choosing", "ours, half for checking")):
            kept = [place for place, of in zip(ours, half, strict=True) if of == number]
            print(table(name, kept))
    assert mrr(ours) >= MRR_BAR
    assert recall(ours) >= RECALL_BAR


def test_a_known_title_comes_first(client, capsys):
    load_archive()
    titles = dict(Post.objects.values_list("slug", "title"))
    first = sum(next(results(client, title, pages=1), "") == slug for slug, title in titles.items())
    with capsys.disabled():
        print(f"\n{len(titles)} titles: {first / len(titles):.1%} in the first place")
    assert first / len(titles) >= TITLES_FIRST


def test_a_title_with_one_letter_wrong_is_among_the_first_five(client, capsys):
    load_archive()
    titles = dict(Post.objects.values_list("slug", "title"))
    seen = {}
    for kind in ("wrong", "missing", "added", "exchanged"):
        asked = {slug: misspelled(title, kind) for slug, title in titles.items()}
        found = [slug in list(results(client, words, pages=1))[:5] for slug, words in asked.items()]
        seen[kind] = sum(found) / len(found)
    with capsys.disabled():
        print(f"\na letter: {', '.join(f'{kind} {share:.1%}' for kind, share in seen.items())}")
    assert min(seen.values()) >= MISSPELLED_IN_FIVE


def misspelled(title: str, kind: str) -> str:
    """Return the title with one letter of one of its longer words written wrong."""
    words = list(re.finditer(r"[A-Za-z]{4,}", title) or re.finditer(r"[A-Za-z]{2,}", title))
    if not words:
        return title
    word = RNG.choice(words)
    at = RNG.randrange(word.start(), word.end() - 1)
    letter = RNG.choice("abcdefghijklmnopqrstuvwxyz")
    changed = {
        "wrong": letter + title[at + 1 :],
        "missing": title[at + 1 :],
        "added": letter + title[at:],
        "exchanged": title[at + 1] + title[at] + title[at + 2 :],
    }[kind]
    return title[:at] + changed
