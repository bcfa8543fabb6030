"""The queries of a post's own page: of one shape for every post, so each is made once."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from pbrsite.database.statements import Statement
from posts.models import Post, PostQuerySet, Tag


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
