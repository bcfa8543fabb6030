"""The life of a post: being written, in review, scheduled, public, withdrawn."""

from datetime import datetime

from django.db import models, transaction
from django.utils import timezone


class Publishing(models.Model):
    """What decides whether the public sees a post; part of `Post`, kept apart to be read whole.

    Scheduled is no state of its own: it is published at a time to come, and the clock decides.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"

    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="A time to come schedules the post."
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

    def publish(self, *, at: datetime) -> bool:
        """Make public at that time or when its embargo ends, and have the related posts computed.

        Returns False and changes nothing when the post is out already: its date stays.
        """
        with transaction.atomic():
            if self._locked_status() == self.Status.PUBLISHED and self.is_published(at):
                return False
            self.status = self.Status.PUBLISHED
            self.published_at = max(at, self.not_before or at)
            self.save(update_fields=["status", "published_at", "saved_at"])
            self.reindex()
        return True

    def withdraw(self) -> bool:
        """Take off the public site; the row, its comments and its history stay.

        Returns False for a post that is not out.
        """
        with transaction.atomic():
            if self._locked_status() != self.Status.PUBLISHED:
                return False
            self.status = self.Status.WITHDRAWN
            self.save(update_fields=["status", "saved_at"])
        return True

    def reindex(self) -> None:
        """Bring search and related posts up to date; the post itself knows how."""
        raise NotImplementedError

    def _locked_status(self) -> str:
        """Lock the row until the transaction ends, and read anew what decides."""
        type(self)._default_manager.select_for_update(of=("self",)).only("pk").get(pk=self.pk)
        self.refresh_from_db(fields=["status", "published_at", "not_before"])
        return self.status
