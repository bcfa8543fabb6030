"""A generated archive for benchmarks: many posts at once, with the shape of a real one.

Words, topics and authors follow Zipf's law (the n-th is met in proportion to 1/n), dates are spread
over the years up to yesterday, a post in twenty-five has a second author. The same numbers give the
same archive. Text is stored as rendering would leave it, so that nothing is rendered or indexed
here: whoever measures search calls `search.index` for the posts `fill` returned.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import TypeVar

from django.utils import timezone

from posts.models import Author, CoAuthor, Post, Tag, TaggedPost

Thing = TypeVar("Thing")
BATCH = 2_000  # rows of one statement
SYLLABLES = ("ba", "cor", "de", "fin", "gra", "hol", "in", "ju", "kel", "lo", "men", "nor", "o",
             "pra", "que", "ris", "sta", "ter", "un", "ver", "wi", "yor", "zan", "shi")  # fmt: skip
KINDS = [kind for kind, share in zip(Tag.Kind.values, (5, 2, 1, 1, 1), strict=True)
         for _ in range(share)]  # fmt: skip


def fill(
    posts: int, *, words: int = 120, tags: int = 300, authors: int = 12, years: int = 15
) -> list[int]:
    """Add that many public posts to the archive and return their numbers.

    `words` are those of one body; tags and authors are made once and shared by later calls.
    100,000 posts of 120 words take some two minutes.
    """
    start = Post.objects.count()
    rng = random.Random(start)  # noqa: S311 (no secret)
    writers, topics = _authors(authors), _tags(tags)
    rows = _posts(range(start, start + posts), rng, words=words, years=years, writers=writers)
    done: list[int] = []
    while batch := list(islice(rows, BATCH)):
        filed = [dict.fromkeys(zipf(topics, rng, rng.randint(1, 5))) for _ in batch]
        for post, under in zip(batch, filed, strict=True):
            post.topic = next((tag for tag in under if tag.kind == Tag.Kind.THEME), None)
        made = Post.objects.bulk_create(batch)
        TaggedPost.objects.bulk_create(
            TaggedPost(content_object_id=post.pk, tag=tag)
            for post, under in zip(made, filed, strict=True)
            for tag in under
        )
        CoAuthor.objects.bulk_create(
            CoAuthor(post=post, author=writers[-1])
            for post in made
            if rng.random() < 0.04 and post.author != writers[-1]
        )
        done += [post.pk for post in made]
    return done


def zipf(things: Sequence[Thing], rng: random.Random, number: int) -> list[Thing]:
    """Return that many of the things, the n-th in proportion to 1/n; one may come twice."""
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(things))))
    return rng.choices(things, cum_weights=weights, k=number)


def vocabulary(size: int = 20_000) -> list[str]:
    """Return invented words, the commonest first; each once."""
    rng = random.Random(1)  # noqa: S311
    found: dict[str, None] = {}
    while len(found) < size:
        found["".join(rng.choices(SYLLABLES, k=rng.randint(2, 4)))] = None
    return list(found)


def _posts(
    numbers: range, rng: random.Random, *, words: int, years: int, writers: list[Author]
) -> Iterator[Post]:
    known, newest = vocabulary(), timezone.now() - timedelta(days=1)
    weights = list(accumulate(1 / (rank + 5) for rank in range(len(known))))
    for number in numbers:
        text = rng.choices(known, cum_weights=weights, k=words + 20)
        title, excerpt, body = text[:7], text[7:20], " ".join(text[20:])
        post = Post(
            title=" ".join(title).capitalize(), slug=f"{'-'.join(title[:4])}-{number}",
            excerpt=" ".join(excerpt), body=f"<p>{body}</p>", body_html=f"<p>{body}</p>",
            plain_text=body, word_count=words, status=Post.Status.PUBLISHED,
            published_at=_moment(rng, newest, years), author=zipf(writers, rng, 1)[0],
        )  # fmt: skip
        post.related_at = post.published_at
        yield post


def _moment(rng: random.Random, newest: datetime, years: int) -> datetime:
    """Return a moment of those years, to the second."""
    return newest - timedelta(seconds=rng.randrange(years * 365 * 86_400))


def _tags(number: int) -> list[Tag]:
    names = vocabulary()[-number:]
    Tag.objects.bulk_create(
        [
            Tag(name=f"{name.capitalize()} {rank}", slug=f"t-{rank}", kind=KINDS[rank % len(KINDS)],
                is_in_navigation=rank < 5)
            for rank, name in enumerate(names)
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    slugs = [f"t-{rank}" for rank in range(number)]
    found = {tag.slug: tag for tag in Tag.objects.filter(slug__in=slugs)}
    return [found[slug] for slug in slugs]


def _authors(number: int) -> list[Author]:
    Author.objects.bulk_create(
        [
            Author(name=f"Writer {rank}", slug=f"a-{rank}", bio="Writes about results.")
            for rank in range(number)
        ],
        ignore_conflicts=True,
    )
    found = {author.slug: author for author in Author.objects.filter(slug__startswith="a-")}
    return [found[f"a-{rank}"] for rank in range(number)]
