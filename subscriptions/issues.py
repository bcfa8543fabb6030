"""The tables of the noon round: an issue, its posts, and its editions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models import CheckConstraint, Count, Exists, OuterRef, Q, UniqueConstraint
from django.urls import reverse

from posts.models import Post
from subscriptions.deliveries import OPEN, Delivery

_FREEZE_LOCK = 0x6E6F6F6E  # "noon"


@contextmanager
def freezing() -> Iterator[None]:
    """Open a transaction in which freezes follow one another, whatever their kind.

    Somebody who changes the frequency between two of them would otherwise be in both. Who changes
    what a freeze reads (a plan, a delivery to be repaired) does it in here too.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FREEZE_LOCK])
        yield


class Kind(models.TextChoices):
    """How often: the frequency a person chose, and the kind of an issue."""

    INSTANT = "instant", "As each post is published"
    DAILY = "daily", "Every day at noon"
    WEEKLY = "weekly", "Once a week"


class IssueQuerySet(models.QuerySet["Issue"]):
    def sending(self) -> Self:
        """Return issues a sender may open deliveries of."""
        return self.filter(state=Issue.State.SENDING)

    def sent(self) -> Self:
        """Return issues whose posts went out, or are going out."""
        return self.filter(state__in=[Issue.State.SENDING, Issue.State.PAUSED, Issue.State.DONE])

    def with_accounting(self) -> Self:
        """Add `audience` and one number per state of its deliveries, in the same query.

        For each issue: audience = sent + rejected + unknown + cancelled + suppressed + expired
        + still_open. Every delivery of these issues is counted: choose the few wanted first.
        """
        final = [state for state in Delivery.State if state not in OPEN]
        counts = {
            f"{state}_count": Count("deliveries", filter=Q(deliveries__state=state))
            for state in final
        }
        return self.annotate(
            audience=Count("deliveries"),
            still_open=Count("deliveries", filter=Q(deliveries__state__in=OPEN)),
            **counts,
        )

    def for_desk(self, *, most: int) -> Self:
        """Return the last issues with their accounting, without instant ones nobody asked for."""
        # Editions are few, deliveries many; and an edition is rendered only for somebody.
        has_audience = Exists(Edition.objects.filter(issue=OuterRef("pk")))
        wanted = self.filter(~Q(kind=Kind.INSTANT) | has_audience)
        last = wanted.order_by("-frozen_at", "-pk").values("pk")[:most]
        counted = self.filter(pk__in=last).with_accounting()
        return counted.defer("html", "text").order_by("-frozen_at", "-pk")


class Issue(models.Model):
    """One noon (or one instant post, or one week) of the site, frozen at its cutoff."""

    class State(models.TextChoices):
        SENDING = "sending", "Sending"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        EMPTY = "empty", "Nothing new"
        SKIPPED_LATE = "skipped_late", "Skipped: too late in the day"

    kind = models.CharField(max_length=8, choices=Kind)
    local_date = models.DateField(help_text="The day whose noon this is; of a week, its Friday.")
    post = models.ForeignKey(
        Post, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Of an instant issue, its only post.",
    )  # fmt: skip
    scheduled_for = models.DateTimeField()
    cutoff = models.DateTimeField()
    frozen_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.SENDING)
    pause_reason = models.CharField(max_length=200, blank=True)
    resumed_at = models.DateTimeField(null=True, blank=True)
    resent_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    # The rendering with every post in it: the preview, and what most people got.
    subject = models.CharField(max_length=300, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    introduction = models.CharField(max_length=300, blank=True)
    posts = models.ManyToManyField(Post, through="IssuePost", related_name="+")

    objects: ClassVar[IssueQuerySet] = IssueQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-scheduled_for", "-pk"]
        permissions = [
            ("pause_issue", "Can pause and resume an issue"),
            ("plan_issue", "Can arrange the next issue and send tests of it"),
            ("resend_issue", "Can send an issue again to whom it is uncertain"),
        ]
        indexes = [
            # The desk: the last ones.
            models.Index(fields=["-frozen_at", "-id"], name="subscriptions_issue_last"),
        ]
        constraints = [
            UniqueConstraint(
                fields=["kind", "local_date"],
                name="subscriptions_issue_date_once",
                condition=~Q(kind="instant"),
            ),
            UniqueConstraint(
                fields=["kind", "post"],
                name="subscriptions_issue_post_once",
                condition=Q(kind="instant"),
            ),
            CheckConstraint(
                name="subscriptions_issue_kind_known",
                condition=Q(kind__in=["instant", "daily", "weekly"]),
            ),
            CheckConstraint(
                name="subscriptions_issue_post_is_instant",
                condition=Q(kind="instant", post__isnull=False)
                | (~Q(kind="instant") & Q(post=None)),
            ),
            CheckConstraint(
                name="subscriptions_issue_state_known",
                condition=Q(state__in=["sending", "paused", "done", "empty", "skipped_late"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind.capitalize()}, {self.local_date:%-d %B %Y}"

    def get_absolute_url(self) -> str:
        day = f"{self.local_date:%Y %m %d}".split()
        return reverse("subscriptions:issue", args=day)

    def problems(self) -> str:
        """Return in words what ended otherwise than sent; needs `with_accounting()`."""
        states = ("rejected", "unknown", "expired", "suppressed", "cancelled")
        counts = [(getattr(self, f"{state}_count"), state) for state in states]
        return ", ".join(f"{count:,} {state}" for count, state in counts if count)

    def account(self) -> str:
        """Return in one line where every recipient stands; needs `with_accounting()`."""
        states = [state for state in Delivery.State if state not in OPEN]
        counts = {str(state): getattr(self, f"{state}_count") for state in states}
        counts["open"] = getattr(self, "still_open")  # noqa: B009 - an annotation
        parts = [f"{name} {count}" for name, count in counts.items() if count]
        return f"audience {getattr(self, 'audience')} = {' + '.join(parts) or 0}"  # noqa: B009

    def pause(self, *, reason: str) -> bool:
        """Stop sending; what is open stays open. Return whether this call did it."""
        rows = Issue.objects.sending().filter(pk=self.pk)
        return bool(rows.update(state=self.State.PAUSED, pause_reason=reason[:200]))

    def resume(self, *, at: datetime) -> bool:
        """Go on sending with the next ring. Return whether this call did it.

        Whoever was refused on our account gets another try: somebody has mended the cause.
        """
        rows = Issue.objects.filter(pk=self.pk, state=self.State.PAUSED)
        with transaction.atomic():
            if not rows.update(state=self.State.SENDING, pause_reason="", resumed_at=at):
                return False
            Delivery.objects.filter(issue=self).reopen(at=at)
        return True

    def resend_uncertain(self, *, at: datetime, also_resent: bool = False) -> int:
        """Open again what ended unknown or expired; return how many. It may make second copies.

        Each delivery once, unless `also_resent`. A paused issue stays paused.
        """
        with freezing():  # The next issue would repair the same at this moment.
            # Nor may a sender find nothing open and call the issue done.
            Issue.objects.select_for_update(no_key=True).values_list("pk").get(pk=self.pk)
            rows = Delivery.objects.filter(issue=self).uncertain(also_resent=also_resent)
            opened = rows.open_again(at=at)
            if opened:
                done = Issue.objects.filter(pk=self.pk, state=self.State.DONE)
                done.update(state=self.State.SENDING, done_at=None)
                Issue.objects.filter(pk=self.pk).update(resent_at=at)
        return opened


class IssuePost(models.Model):
    """A post that went, or was due to go, in an issue: once for each kind.

    It keeps the post from being deleted, which would take lines out of the ledger: withdraw it.
    """

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="issue_posts")
    kind = models.CharField(max_length=8, choices=Kind)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            UniqueConstraint(fields=["kind", "post"], name="subscriptions_issuepost_once")
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} in issue {self.issue_id}"


class Edition(models.Model):
    """One rendering of an issue for everybody who gets the same posts, with placeholders in it."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="editions")
    fresh = ArrayField(models.BigIntegerField(), help_text="Posts of this issue, in order.")
    again = ArrayField(models.BigIntegerField(), help_text="Posts under “In case you missed it”.")
    subject = models.CharField(max_length=300)
    html = models.TextField()
    text = models.TextField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            UniqueConstraint(fields=["issue", "fresh", "again"], name="subscriptions_edition_once"),
            CheckConstraint(
                name="subscriptions_edition_not_empty",
                condition=~Q(fresh=[]) | ~Q(again=[]),
            ),
        ]

    def __str__(self) -> str:
        return self.subject
