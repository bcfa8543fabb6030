"""The lists each public post stands in, and how long they are: rows that Postgres keeps itself.

A page of a list of 100,000 posts must cost what a page of 200 costs, the last one included. So
every list has its own rows in the order it is read in, and a count for each month of it, from which
any page is found by reading a month at most (see `posts.postlists`). Triggers of migration 0024
write both in the statement that changes a post, its tags or its authors; no code here does.
"""

from datetime import datetime

from django.db import models
from django.db.models import CheckConstraint, Count, Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

WHOLE = 0  # in the place of a month: the count of the whole list


class ListKind(models.TextChoices):
    ALL = "all", "Every post"
    AUTHOR = "author", "Posts of an author, alone or with others"
    TAG = "tag", "Posts of a topic"


class ListEntry(models.Model):
    """One post in one list. Scheduled posts are in it too: whoever reads stops at the moment."""

    pk = models.CompositePrimaryKey("kind", "key", "published_at", "post_id")
    kind = models.CharField(max_length=6, choices=ListKind)
    key = models.BigIntegerField()  # of the author or tag; 0 for every post
    published_at = models.DateTimeField()
    # By its index the triggers find what to take out. They keep the reference true, too.
    post = models.ForeignKey(
        "posts.Post", on_delete=models.DO_NOTHING, db_constraint=False, related_name="list_entries"
    )

    class Meta:
        verbose_name_plural = "list entries"
        constraints = [
            CheckConstraint(
                name="posts_listentry_kind_known", condition=Q(kind__in=["all", "author", "tag"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.post_id}"


class ListTally(models.Model):
    """How many posts a list has in one month of UTC, or as a whole: the sum of such rows.

    Whoever changes a list adds a row rather than wait for somebody else's; one in sixteen draws
    together what nobody holds. Should the rows ever be wrong (a restore without triggers), empty
    both tables and `SELECT posts_relist(array_agg(id)) FROM posts_post`.
    """

    kind = models.CharField(max_length=6, choices=ListKind)
    key = models.BigIntegerField()
    # Months are counted from the year 0. They are those of UTC, so that no count depends on the
    # site's zone, which is a setting.
    month = models.PositiveIntegerField()
    count = models.IntegerField()

    class Meta:
        verbose_name_plural = "list tallies"
        indexes = [
            # Each page of a list, and the numbers beside topics.
            models.Index(
                fields=["kind", "key", "month"], include=["count"], name="posts_listtally_list"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}, {self.month}: {self.count}"


def public_count(kind: ListKind, now: datetime) -> Coalesce:
    """Return how many posts the list of an author or tag has, as part of the query for those.

    Those in it less those still to come, which are few: the cost does not grow with the list.
    """
    mine = {"kind": kind, "key": OuterRef("pk")}
    all_of_it = ListTally.objects.filter(**mine, month=WHOLE).order_by().values("key")
    to_come = ListEntry.objects.filter(**mine, published_at__gt=now).order_by().values("key")
    return Coalesce(
        Subquery(all_of_it.annotate(number=Sum("count")).values("number"))
        - Coalesce(Subquery(to_come.annotate(number=Count("post_id")).values("number")), 0),
        0,
    )


def is_public(kind: ListKind, now: datetime) -> Exists:
    """Return whether the list of an author or tag has a post by now."""
    return Exists(ListEntry.objects.filter(kind=kind, key=OuterRef("pk"), published_at__lte=now))
