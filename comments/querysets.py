"""What the pages show of comments: each page's query by its name."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Count, Q, QuerySet

from comments.states import State
from posts import visibility
from posts.models import Post

if TYPE_CHECKING:
    from comments.models import Comment


class PageQuerySet(QuerySet["Comment"]):
    def published(self) -> Self:
        """Return what readers may see; the twin of `Comment.is_public`."""
        return self.filter(state=State.PUBLISHED)

    def public_for(self, post: Post | int) -> Self:
        """Return the post's public thread, oldest first; one query.

        Besides published comments it holds the ancestors of published replies that are public no
        more: show those as tombstones (`is_public` is false), without name or text.
        """
        shown = self.model.objects.filter(post=post).published()
        answered = Q(pk__in=shown.exclude(parent=None).values("parent")) | Q(
            pk__in=shown.exclude(parent__parent=None).values("parent__parent")
        )
        return (
            self.filter(Q(state=State.PUBLISHED) | answered, post=post)
            .only("public_id", "parent", "depth", "state", "name", "body_html", "is_staff",
                  "created_at", "edited_at", "staff_edited_at")
            .order_by("created_at", "pk")
        )  # fmt: skip

    def in_thread(self, root: "Comment") -> Self:
        """Return this comment and what is said below it."""
        return self.filter(Q(pk=root.pk) | Q(parent=root.pk) | Q(parent__parent=root.pk))

    def counts_by_post(self, posts: Sequence[int]) -> dict[int, int]:
        """Return how many comments of each of these posts are public; one query, none for none."""
        rows = self.published().filter(post__in=posts).order_by().values_list("post")
        return dict(rows.annotate(Count("pk"))) if posts else {}

    def for_feed(self, now: datetime, post: Post | None = None) -> Self:
        """Return published comments on one post or on all that are out, newest first."""
        whose = Q(post=post) if post else visibility.published(now, through="post__")
        shown = self.published().filter(whose).select_related("post")
        only = ("public_id", "name", "body_html", "created_at", "edited_at", "staff_edited_at",
                "post__title", "post__slug", "post__is_retracted")  # fmt: skip
        return shown.only(*only).order_by("-created_at", "-pk")

    def for_desk(self) -> Self:
        """Return what the moderation desk shows, without the long columns of the posts."""
        long = ("body", "body_html", "contents", "plain_text")
        return self.select_related("post").defer("body_html", *[f"post__{name}" for name in long])

    def unchanged_since(self, seen: datetime) -> Self:
        """Leave out what came or was edited after somebody looked: a decision is not about it."""
        return self.filter(created_at__lte=seen).exclude(edited_at__gt=seen)
