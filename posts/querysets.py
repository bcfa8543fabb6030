"""The queries of the posts room, each a word: "published" is said here and nowhere else."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest, JSONObject
from django.utils import timezone

from posts import citations, corrections, visibility
from posts.authors import Author, CoAuthor
from posts.relatives import WEAK, RelatedPost
from posts.tagging import TaggingQuerySet
from posts.topics import Tag

FEATURED = 5  # posts above the list of a topic page
CARD = (
    "title", "slug", "standfirst", "excerpt", "status", "published_at", "revised_at",
    "corrected_at", "is_retracted", "word_count", "series", "series_position", "author",
    "topic__name", "topic__slug", "lead_image__image_file", "lead_image__image_width",
    "lead_image__image_height", "lead_image__image_ppoi", "lead_image__is_animated",
)  # fmt: skip


class PostQuerySet(TaggingQuerySet):
    def published(self, now: datetime | None = None) -> Self:
        """Return what the public sees at this moment; the twin of `Post.is_published`."""
        return self.filter(visibility.published(now or timezone.now()))

    def scheduled(self, now: datetime | None = None) -> Self:
        """Return posts that will appear by the clock alone."""
        return self.filter(status=visibility.PUBLISHED, published_at__gt=now or timezone.now())

    def released(self) -> Self:
        """Return posts that are out, or will be by the clock alone."""
        return self.filter(status=visibility.PUBLISHED)

    def withdrawn(self) -> Self:
        return self.filter(status="withdrawn")

    def drafts(self) -> Self:
        return self.filter(status="draft")

    def in_review(self) -> Self:
        return self.filter(status="review")

    def unfinished(self) -> Self:
        return self.filter(status__in=visibility.UNFINISHED)

    def open_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return what this member of staff may see behind the scenes: everything, or their own.

        Their own is what they created and what bears their byline; the twin of `Post.is_open_to`.
        """
        if isinstance(user, PermissionsMixin) and user.has_perm("posts.publish_post"):
            return self
        if not user.is_authenticated:  # Whose number is none, as is the maker's of old posts.
            return self.none()
        together = CoAuthor.objects.filter(author__user=user.pk).values("post")
        return self.filter(Q(created_by=user.pk) | Q(author__user=user.pk) | Q(pk__in=together))

    def newest_first(self) -> Self:
        return self.order_by("-published_at", "-pk")

    def for_list(self) -> Self:
        """Return what a card shows and no more: no author, none of the long columns."""
        return self.select_related("topic", "lead_image").only(*CARD).newest_first()

    def for_page(self) -> Self:
        """Return what the post's own page shows, in two queries: notices and citing posts too."""
        return (
            self.select_related("author", "topic", "series", "lead_image")
            .annotate(
                co_author_rows=_co_authors(),
                notice_rows=corrections.rows(),
                citing_rows=citations.later(),
            )
            .prefetch_related("tags")
            .defer("body", "plain_text")
        )

    def in_year(self, year: int) -> Self:
        """Return posts published in that calendar year of the site's zone."""
        first = datetime(year, 1, 1, tzinfo=settings.ZONE)
        return self.between(first, first.replace(year=year + 1))

    def between(self, start: datetime, end: datetime) -> Self:
        """Return posts published in that half-open stretch of time."""
        return self.filter(published_at__gte=start, published_at__lt=end)

    def by_section(self, size: int) -> QuerySet[Any, Any]:
        """Return the number of each stretch of rows that has posts, and its last real change."""
        numbered = self.annotate(section=(F("pk") - 1) / size + 1).order_by("section")
        last = Max(Greatest("published_at", "revised_at", "corrected_at"))
        rows: QuerySet[Any, Any] = numbered.values_list("section").annotate(last=last)
        return rows

    def in_section(self, number: int, size: int) -> QuerySet[Any, Any]:
        """Return what a sitemap says of the posts of one stretch: slug, image, moments."""
        rows = self.filter(pk__gt=(number - 1) * size, pk__lte=number * size).order_by("pk")
        moments = ("published_at", "revised_at", "corrected_at")
        return rows.values_list("slug", "lead_image__image_file", *moments)

    def by(self, author: Author) -> Self:
        """Return posts of that author, alone or with others."""
        # By their keys: with a subquery, Postgres would read every post to find a few.
        together = list(author.co_authorships.values_list("post_id", flat=True))
        return self.filter(Q(author=author) | Q(pk__in=together))

    def tagged(self, tag: Tag) -> Self:
        return self.filter(tagged_posts__tag=tag)

    def hold(self) -> None:
        """Lock these posts until the transaction ends, in the one order of such locks."""
        among = self.model._base_manager.filter(pk__in=self.order_by().values("pk"))
        list(among.order_by("pk").select_for_update().values_list("pk"))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the posts, each locked before what hangs on it is taken away.

        A job of the search index locks a post and then writes its entry. Django deletes the entry
        first: each would wait for the other.
        """
        with transaction.atomic():
            self.hold()
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]  # Not all posts by one slip.

    def featured_on(self, tag: Tag | int) -> Self:
        """Return what an editor put above the list of the topic's page, in that order."""
        posts = self.filter(featured_in__tag=tag).for_list()
        return posts.order_by("featured_in__position", "featured_in__pk")[:FEATURED]

    def weakly_related(self, now: datetime | None = None) -> Self:
        """Return public posts beside which nothing public stands that fits.

        What an editor pinned fits, and so does a part of the same series. `best_score` is None for
        a post with no relative at all.
        """
        public = visibility.published(now or timezone.now(), through="related__")
        stored = RelatedPost.objects.filter(public, post=OuterRef("pk"))
        fits = Q(score__gte=WEAK) | Q(reason__pinned=True) | Q(reason__series=True)
        best = stored.order_by("-score", "position").values("score")[:1]
        return (
            self.published(now)
            .filter(~Exists(stored.filter(fits)))
            .annotate(best_score=Subquery(best))
        )

    def for_digest(self, *, cutoff: datetime, oldest: timedelta = timedelta(days=7)) -> Self:
        """Return posts a digest may carry: public before the cutoff, ours, new, not held back."""
        return self.published(cutoff).filter(
            published_at__lt=cutoff,
            published_at__gte=cutoff - oldest,
            is_mailed=True,
            imported_at=None,
        )


@cache
def _co_authors() -> ArraySubquery:
    """Return the further authors, in the post's own row.

    A prefetch would cost every page a query, and few posts have any.
    """
    rows = CoAuthor.objects.filter(post=OuterRef("pk")).order_by("position", "pk")
    names = ("id", "name", "slug", "role", "bio", "is_organisation")
    return ArraySubquery(rows.values(row=JSONObject(**{name: f"author__{name}" for name in names})))
