"""Which post links to which, read from the bodies: what the older one's page shows as cited by.

Postgres decides which post an address leads to (`posts_citation_target`, migration 0028), by the
rules of `posts.addresses`, and does so again whenever a post or a redirect takes, changes or loses
an address. So a link to a post that is not there yet finds it when it comes, and follows it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import connection, models
from django.db.models import (
    CheckConstraint,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    UniqueConstraint,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat, Lower

from posts import permalinks, visibility
from posts.postlinks import LONGEST_SLUG, WORDS_KEPT, links_in
from posts.redirects import Redirect
from posts.tagging import batches

if TYPE_CHECKING:
    from posts.models import Post

BATCH = 500  # posts whose bodies are in memory at once
SHOWN = 5  # on the page of a post that is cited; the next are folded
MOST_SHOWN = 50
MOST_READ = 200  # the links written down last; so a post that thousands cite costs its page no more

# Nothing is written for what is there already: a page kept in memory stays good.
_REPLACE = """
WITH link AS MATERIALIZED (
    SELECT link.*, target_id
    FROM unnest(%(post)s::bigint[], %(path)s::text[], %(slug)s::text[], %(number)s::int[],
                %(words)s::text[]) AS link (post_id, path, slug, wordpress_id, words),
        posts_citation_target(path, slug, wordpress_id) AS target_id
    WHERE target_id IS DISTINCT FROM post_id
), gone AS (
    DELETE FROM posts_citation AS row WHERE post_id = ANY(%(posts)s)
    AND NOT EXISTS (SELECT 1 FROM link WHERE link.post_id = row.post_id AND link.path = row.path)
)
INSERT INTO posts_citation AS row (post_id, target_id, path, slug, wordpress_id, words)
SELECT post_id, target_id, path, slug, wordpress_id, words FROM link
ON CONFLICT (post_id, path) DO UPDATE
SET (target_id, slug, words) = (excluded.target_id, excluded.slug, excluded.words)
WHERE (row.target_id, row.slug, row.words)
    IS DISTINCT FROM (excluded.target_id, excluded.slug, excluded.words)
"""


class CitationQuerySet(models.QuerySet["Citation"]):
    def public(self, now: datetime) -> Self:
        """Return the links readers see."""
        return self.filter(visibility.published(now, through="post__"))

    def to(self, posts: Iterable["Post"]) -> Self:
        """Return links to any of these posts, those among themselves left out."""
        pks = [post.pk for post in posts]
        return self.filter(target__in=pks).exclude(post__in=pks)

    def dead(self, now: datetime) -> Self:
        """Return the links readers see that lead to no public post, nor anywhere else."""
        at = Q(path=OuterRef("path")) | Q(path=_address(OuterRef("slug")))
        elsewhere = Redirect.objects.filter(at).exclude(target="", tag=None)
        alive = visibility.published(now, through="target__")
        return (
            self.public(now)
            .filter(~alive | Q(target=None), ~Exists(elsewhere))
            .exclude(
                slug=F("post__slug")  # Itself: it was renamed to what it links to.
            )
        )

    def for_report(self) -> Self:
        """Return what the report of dead links shows, and since when: what died last comes first.

        When is known of what readers have seen; what never was public comes last.
        """
        last = _address(Coalesce(OuterRef("target__slug"), OuterRef("slug")))
        gone = Redirect.objects.filter(path=last, target="", tag=None)
        posts = [f"{end}__{name}" for end in ("post", "target")
                 for name in ("title", "slug", "status", "published_at")]  # fmt: skip
        return (
            self.select_related("post", "target")
            .only("path", "words", *posts)
            .annotate(gone_at=Subquery(gone.values("created_at")[:1]))
            .order_by(F("gone_at").desc(nulls_last=True), "-post__published_at", "pk")
        )


def _address(slug: Any) -> Concat:
    return Concat(Value("/"), Lower(slug), Value("/"))


class Citation(models.Model):
    """One post's link to another: a row for each address it links to, two for two addresses of one.

    The address stays when what it led to is gone, or not there yet: then there is no target.
    """

    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="citations")
    target = models.ForeignKey(
        "posts.Post",
        on_delete=models.SET_NULL,
        null=True,
        related_name="cited_by",
        db_index=False,  # The index below begins with it.
    )
    path = models.CharField(max_length=permalinks.LONGEST)  # As redirects have it.
    # What the target is known by: its slug, or the number it had on WordPress.
    slug = models.CharField(max_length=LONGEST_SLUG)
    wordpress_id = models.PositiveIntegerField(null=True)
    words = models.CharField(max_length=WORDS_KEPT)

    objects: ClassVar[CitationQuerySet] = CitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()  # It is read from the posts; nobody writes it.
        verbose_name = "link to a post"
        verbose_name_plural = "links to posts that are not public"
        constraints = [
            UniqueConstraint(fields=["post", "path"], name="posts_citation_once"),
            CheckConstraint(name="posts_citation_not_itself", condition=~Q(post=F("target"))),
        ]
        indexes = [
            # Who links to a post, on its page.
            models.Index(fields=["target", "-post"], name="posts_citation_target_last"),
            # The three by which Postgres finds the links a new or changed address concerns.
            models.Index(fields=["slug"], name="posts_citation_slug"),
            models.Index(fields=["path"], name="posts_citation_path"),
            models.Index(
                fields=["wordpress_id"], name="posts_citation_number",
                condition=Q(wordpress_id__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"“{self.words}” to {self.path}"


class Cited(models.Model):
    """What citations say of a post; part of `Post`, kept apart to be read whole."""

    class Meta:
        abstract = True

    def citing(self) -> "Citing":
        """Return the public posts that link here and are newer; no query after `for_page`."""
        from posts.models import Post

        found = self.__dict__.get("citing_rows")
        if found is None:
            found = Post.objects.filter(pk=self.pk).values_list(later(), flat=True).first() or []
        posts = [
            Post(**row | {"published_at": datetime.fromisoformat(row["published_at"])})
            for row in found
        ]
        return Citing(posts[:SHOWN], posts[SHOWN:MOST_SHOWN], has_more=len(posts) > MOST_SHOWN)


@dataclass(frozen=True)
class Citing:
    """The posts that cite one, newest first; they know their title, address and date alone."""

    shown: list["Post"]
    folded: list["Post"]
    has_more: bool


def later() -> Func:
    """Return the later posts that cite a post as part of the query for it, by Postgres's clock.

    A function of its own (migration 0028): as a subquery it cost a page a millisecond of Python.
    """
    return _citing(F("published_at"))


def linking() -> Func:
    """Return every public post that links to a post, as part of the query for it."""
    return _citing(Value("-infinity", output_field=models.TextField()))


def _citing(after: Any) -> Func:
    bounds = MOST_SHOWN + 1, MOST_READ
    moment = Cast(after, models.DateTimeField())
    found = models.JSONField()
    return Func(F("pk"), moment, *bounds, function="posts_citing", output_field=found)


def cited_from(posts: Iterable["Post"], now: datetime) -> dict[int, list["Post"]]:
    """Return, by the cited post's key, the public posts that link to it, newest first; one query.

    What their titles need is all they know.
    """
    links = Citation.objects.public(now).to(posts).select_related("post")
    found: dict[int, dict[int, Post]] = {}
    for link in links.only("target", "post__title").order_by("-post__published_at", "-post_id"):
        found.setdefault(link.target_id or 0, {})[link.post_id] = link.post
    return {pk: list(citing.values()) for pk, citing in found.items()}


def record(post_ids: list[int]) -> None:
    """Bring the rows of these posts in line with their bodies as saved; idempotent.

    Two queries for every `BATCH` posts.
    """
    from posts.models import Post  # It names this module itself.

    for batch in batches(post_ids, BATCH):
        replace(dict(Post.objects.filter(pk__in=batch).values_list("pk", "body_html")))


def replace(bodies: Mapping[int, str], *, are_new: bool = False) -> None:
    """Do what `record` does, for rendered bodies at hand; one query, none for new posts' none."""
    links = [(pk, link) for pk, body in bodies.items() for link in links_in(body)]
    if are_new and not links:
        return
    with connection.cursor() as cursor:
        cursor.execute(_REPLACE, {
            "posts": list(bodies),
            "post": [pk for pk, _ in links],
            "path": [link.path for _, link in links],
            "slug": [link.slug for _, link in links],
            "number": [link.wordpress_id for _, link in links],
            "words": [link.words for _, link in links],
        })  # fmt: skip
