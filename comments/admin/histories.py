"""What else has come from who wrote a comment. The one module of the desk that sees addresses."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from comments.contacts import CommentContact
from comments.models import Comment, CommentQuerySet


@dataclass(frozen=True)
class History:
    """How many comments an address has left, by state; an empty address is none kept."""

    email: str = ""
    wants_replies: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def words(self) -> str:
        """Return the counts in words, this comment's own among them."""
        named = [f"{self.counts[state]} {label.lower()}"
                 for state, label in Comment.State.choices if self.counts[state]]  # fmt: skip
        return ", ".join(named)

    @property
    def total(self) -> int:
        return self.counts.total()


def of(comments: Sequence[Comment]) -> dict[int, History]:
    """Return the history behind each comment that has an address; two queries for them all."""
    contacts = CommentContact.objects.filter(comment__in=[comment.pk for comment in comments])
    behind = {row.comment_id: row for row in contacts.only("comment", "email", "wants_replies")}
    counts: dict[str, Counter[str]] = {}
    rows = CommentContact.objects.filter(email__in={row.email for row in behind.values()})
    for email, state, number in rows.values_list("email", "comment__state").annotate(Count("pk")):
        counts.setdefault(email, Counter())[state] = number
    return {
        pk: History(row.email, row.wants_replies, counts.get(row.email, Counter()))
        for pk, row in behind.items()
    }


def with_the_author_of(public_id: str) -> CommentQuerySet:
    """Return what came from the address behind this comment; that one alone where none is kept."""
    this = Comment.objects.filter(public_id=public_id)
    emails = CommentContact.objects.filter(comment__in=this.values("pk")).values("email")
    same = CommentContact.objects.filter(email__in=emails).values("comment")
    return Comment.objects.filter(pk__in=same) | this
