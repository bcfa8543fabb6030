"""The stored search index of each post, and ranked search over it (PostgreSQL full text)."""

import re

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection
from django.db.models import F, Value

from posts.models import Post, PostQuerySet

CONFIG = "english"
LONGEST_QUERY = 200  # characters; what a person types is shorter

# Title A; tags with their aliases B; standfirst, excerpt, authors C; body D. PostgreSQL refuses a
# vector over 1 MB, so of a longer body the first half million characters count.
_INDEX = """
UPDATE posts_post SET search_vector =
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
    setweight(to_tsvector('english', left(plain_text, 500000)), 'D')
WHERE id = ANY(%s)
"""


def mentioning(words: str) -> PostQuerySet:
    """Return posts of any state that hold the words, in `websearch` form: for the editors' list."""
    return Post.objects.filter(search_vector=asked_for(tidy(words)))


def index(post_ids: list[int]) -> None:
    """Bring the stored vectors of these posts up to date: one UPDATE, however many."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, [post_ids])


def tidy(query: str) -> str:
    """Return the query without control characters, folded and cut to a sensible length."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", query).split())[:LONGEST_QUERY]


def asked_for(query: str) -> SearchQuery:
    """Return the query in `websearch` form: "a phrase", -not, or."""
    return SearchQuery(query, config=CONFIG, search_type="websearch")


def within(posts: PostQuerySet, query: str, *, by_date: bool = False) -> PostQuerySet:
    """Return those of the posts that match, best first; `posts.snippets` quotes from them."""
    wanted = asked_for(query)
    rank = SearchRank(F("search_vector"), wanted, cover_density=True, normalization=Value(1))
    found = posts.filter(search_vector=wanted).for_list()
    order = ["-published_at", "-pk"] if by_date else ["-rank", "-published_at", "-pk"]
    ranked: PostQuerySet = found.annotate(rank=rank).order_by(*order)
    return ranked
