"""The queries of the most read pages that have one shape for every reader, each made once."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from pbrsite.database.statements import Statement
from posts.authors import AuthorQuerySet
from posts.models import Author, Post, PostQuerySet, Tag
from posts.topics import TagQuerySet


def page(slug: str, now: datetime) -> Post | None:
    """Return the public post of that address as `for_page` does, its tags with it; one query."""
    for post in _page(slug, now):
        rows = vars(post).pop("tag_rows")
        tags = Tag.objects.all()
        tags._result_cache = [Tag(**row) for row in rows]
        # As `prefetch_related` keeps them, which would be a query more.
        vars(post)["_prefetched_objects_cache"] = {"tags": tags}
        return post
    return None


@Statement
def _page(slug: str, now: datetime) -> PostQuerySet:
    posts = Post.objects.published(now).for_page().prefetch_related(None)
    found: PostQuerySet = posts.annotate(tag_rows=_tags()).filter(slug=slug)
    return found


def _tags() -> ArraySubquery:
    tags = Tag.objects.filter(tagged_posts__content_object=OuterRef("pk")).order_by("pk")
    names = ("id", "name", "slug", "kind")
    return ArraySubquery(tags.values(row=JSONObject(**{name: name for name in names})))


def topic(slug: str, now: datetime) -> Tag | None:
    """Return the public tag of that address with its `post_count`; one query."""
    return next(iter(_topic(slug, now)), None)


@Statement
def _topic(slug: str, now: datetime) -> TagQuerySet:
    return Tag.objects.public(now).filter(slug=slug)


@Statement
def subtopics(tag_id: int, now: datetime) -> TagQuerySet:
    """Return the sub-topics that have posts, by name."""
    return Tag.objects.public(now).filter(parent_topics=tag_id)


@Statement
def featured(tag_id: int, now: datetime) -> PostQuerySet:
    return Post.objects.published(now).featured_on(tag_id)


def author(slug: str, now: datetime) -> Author | None:
    """Return the author of that address, if something of theirs is out; one query."""
    return next(iter(_author(slug, now)), None)


@Statement
def _author(slug: str, now: datetime) -> AuthorQuerySet:
    return Author.objects.public(now).filter(slug=slug)
