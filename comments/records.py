"""What the room writes down about itself: submissions refused unseen, mails to the moderators."""

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Sum
from django.utils import timezone


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
