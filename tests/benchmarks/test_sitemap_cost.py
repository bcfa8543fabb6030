"""What sitemaps and feeds cost as the archive grows: `pytest -m benchmark -s`."""

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from posts.models import Post, TaggedPost
from tests.factories import make_author, make_post, make_tag

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

PATHS = ["/sitemap.xml", "/sitemap-posts-1.xml", "/sitemap-topics.xml", "/sitemap-authors.xml",
         "/feed/", "/feed/json/", "/tag/tag-x/feed/", "/p/1"]  # fmt: skip
PARAGRAPHS = "<p>" + "</p><p>".join(f"Words {at} of a post about probation." * 9 for at in range(9))


def fill(number: int) -> None:
    """Copy a post of some length until there are so many, each with three of 300 tags."""
    columns = [
        field.column for field in Post._meta.concrete_fields
        if field.column not in {"id", "slug", "published_at"}
    ]  # fmt: skip
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f"INSERT INTO posts_post (slug, published_at, {names}) "  # noqa: S608
            f"SELECT 'copy-' || n, published_at - n * interval '1 hour', {names} "
            "FROM posts_post, generate_series((SELECT count(*) FROM posts_post), %s) AS n "
            "WHERE slug = 'post-x'",
            [number - 1],
        )
        cursor.execute(
            "INSERT INTO posts_taggedpost (content_object_id, tag_id) "
            "SELECT post.id, tag.id FROM posts_post post CROSS JOIN generate_series(0, 2) AS k "
            "JOIN posts_tag tag ON tag.id % 300 = (post.id * 7 + k * 31) % 300 "
            "WHERE NOT EXISTS (SELECT FROM posts_taggedpost WHERE content_object_id = post.id)"
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE posts_post, posts_taggedpost, posts_tag")


def costs(client: Client) -> Iterator[tuple[str, float, float]]:
    """Return each path with its CPU time here and its whole time, in ms: the least of five."""
    for path in PATHS:
        times = []
        for _ in range(5):
            started, here = time.perf_counter(), time.process_time()
            assert client.get(path).status_code in {200, 301, 404}
            times.append((time.process_time() - here, time.perf_counter() - started))
        yield path, min(cpu for cpu, _ in times) * 1000, min(wall for _, wall in times) * 1000


def test_the_index_and_the_feeds_do_not_grow_with_the_archive(settings, capsys):
    settings.PAGE_CACHE_MB = 0
    author = make_author()
    tags = [make_tag(slug="tag-x"), *(make_tag() for _ in range(299))]
    make_post(slug="post-x", author=author, body=PARAGRAPHS, tags=(tags[0],))
    found = {}
    for number in (1_000, 10_000, 100_000):
        fill(number)
        assert Post.objects.count() == number
        assert TaggedPost.objects.count() > number
        found[number] = {path: times for path, *times in costs(Client())}
    with capsys.disabled():
        print("\nms of CPU here / in all   " + "".join(f"{number:>16,}" for number in found))
        for path in PATHS:
            row = "".join("{:>9.1f} /{:>5.0f}".format(*times[path]) for times in found.values())
            print(f"{path:<26}{row}")
    assert found[100_000]["/feed/"][1] <= 2 * found[1_000]["/feed/"][1]
    assert found[100_000]["/sitemap.xml"][1] <= 500
