"""What the room writes down about itself: submissions refused unseen, mails to the moderators."""

from datetime import date, timedelta

from django.db import models
from django.db.models import CheckConstraint, F, Q, Sum
from django.utils import timezone

from comments.submissions import Calibration


class RefusalCount(models.Model):
    """How many submissions of one day were refused without a word, and not stored."""

    day = models.DateField(primary_key=True)
    refused = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.refused} on {self.day}"

    @classmethod
    def add(cls, day: date) -> None:
        cls.objects.get_or_create(day=day)
        cls.objects.filter(day=day).update(refused=F("refused") + 1)

    @classmethod
    def of_last_month(cls) -> int:
        since = timezone.now().date() - timedelta(days=30)
        return cls.objects.filter(day__gt=since).aggregate(total=Sum("refused"))["total"] or 0


class ModeratorNotice(models.Model):
    """One mail to the moderators: the next one keeps its distance from it."""

    sent_at = models.DateTimeField()
    waiting = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.waiting} waiting at {self.sent_at}"


class SpamLine(models.Model):
    """What the decisions so far say about scores: see `comments.calibration`. One row."""

    drawn_at = models.DateTimeField()
    usual = models.FloatField()
    resemblance = models.FloatField()
    line = models.PositiveSmallIntegerField()
    highest = models.SmallIntegerField()
    honest = models.PositiveIntegerField()

    class Meta:
        constraints = [
            CheckConstraint(name="comments_spamline_is_one", condition=Q(id=1)),
            CheckConstraint(
                name="comments_spamline_shares",
                condition=Q(usual__gt=0, usual__lte=1, resemblance__gte=0, resemblance__lte=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}, drawn {self.drawn_at}"

    @classmethod
    def current(cls) -> Calibration:
        """Return what was found out last; the usual line before that. One query."""
        row = cls.objects.filter(pk=1).values("usual", "resemblance", "line", "highest", "honest")
        return Calibration(**found) if (found := row.first()) else Calibration()
