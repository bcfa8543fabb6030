"""The lexemes of each post as PostgreSQL itself makes them, for what compares posts."""

from django.db import connection

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


def store(post_ids: list[int]) -> None:
    """Bring the stored lexemes of these posts up to date: one UPDATE, however many."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, [post_ids])
