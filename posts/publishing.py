"""The life of a post: being written, in review, scheduled, public, withdrawn."""

from datetime import datetime

from django.db import models, transaction
from django.utils import timezone


class Publishing(models.Model):
    """What decides whether the public sees a post; part of `Post`, kept apart to be read whole.

    Scheduled is no state of its own: it is published at a time to come, and the clock decides.
    The verbs ask no questions about the text: whoever publishes for people goes by `posts.gate`.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"

    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    published_at = models.DateTimeField(
        "time of publishing",
        null=True,
        blank=True,
        help_text="Left empty, the moment you publish. A time to come schedules the post.",
    )
    not_before = models.DateTimeField(
        "embargo",
        null=True,
        blank=True,
        help_text="Whatever anybody presses, the post is not public before this time.",
    )
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def is_published(self, now: datetime | None = None) -> bool:
        """Return whether the public sees it; the twin of `PostQuerySet.published`."""
        return (
            self.status == self.Status.PUBLISHED
            and self.published_at is not None
            and self.published_at <= (now or timezone.now())
        )

    def is_scheduled(self, now: datetime | None = None) -> bool:
        return self.status == self.Status.PUBLISHED and not self.is_published(now)

    def is_unfinished(self) -> bool:
        """Return whether it is still being written; the twin of `PostQuerySet.unfinished`."""
        return self.status in {self.Status.DRAFT, self.Status.REVIEW}

    def goes_out_at(self, now: datetime) -> datetime:
        """Return when the public sees it if it is published now as it stands.

        That is the time of its own, past or to come, or now; and never before its embargo ends.
        """
        at = self.published_at or now
        return max(at, self.not_before or at)

    def submit(self) -> bool:
        """Ask for review; returns False for what is not a draft."""
        with transaction.atomic():
            self.lock()
            if self.status != self.Status.DRAFT:
                return False
            self._become(self.Status.REVIEW)
        return True

    def return_to_draft(self, *, at: datetime) -> bool:
        """Take back from review, or from the schedule; a planned time is kept for another day.

        Returns False for what the public sees or has seen: that is withdrawn instead.
        """
        with transaction.atomic():
            self.lock()
            if self.status != self.Status.REVIEW and not self.is_scheduled(at):
                return False
            self._become(self.Status.DRAFT)
        return True

    def publish(self, *, at: datetime) -> bool:
        """Make public at that time or when its embargo ends, and have the related posts computed.

        Returns False and changes nothing when the post is out already: its date stays. What was
        withdrawn is public again.
        """
        with transaction.atomic():
            self.lock()
            if self.is_published(at):
                return False
            self.status = self.Status.PUBLISHED
            self.published_at = max(at, self.not_before or at)
            self.save(update_fields=["status", "published_at", "saved_at"])
            self.reindex()
        return True

    def withdraw(self, *, at: datetime | None = None) -> bool:
        """Take off the public site; the row, its comments and its history stay.

        What was only scheduled is a draft again, since nobody has seen it. Returns False for a
        post that is neither.
        """
        with transaction.atomic():
            self.lock()
            if self.status != self.Status.PUBLISHED:
                return False
            seen = self.is_published(at)
            self._become(self.Status.WITHDRAWN if seen else self.Status.DRAFT)
            self.leave_lists()
        return True

    def reindex(self) -> None:
        """Bring search and related posts up to date; the post itself knows how."""
        raise NotImplementedError

    def leave_lists(self) -> None:
        """Have the related posts of others computed without this one."""
        raise NotImplementedError

    def lock(self) -> None:
        """Lock the row until the transaction ends, and read anew what decides."""
        type(self)._default_manager.select_for_update(of=("self",), no_key=True).only("pk").get(
            pk=self.pk
        )
        self.refresh_from_db(fields=["status", "published_at", "not_before"])

    def _become(self, status: str) -> None:
        self.status = status
        self.save(update_fields=["status", "saved_at"])
