"""Subscribers to a CSV file that `importing` reads back without changing anything."""

import csv
from collections.abc import Iterator
from typing import IO

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from subscriptions import roster
from subscriptions.models import ConsentEvent, Subscriber

AT_ONCE = 2000  # rows in memory


def everybody() -> QuerySet[Subscriber]:
    """Return everybody whose address is known, with `confirmed_at`: when they last agreed."""
    agreed = ConsentEvent.objects.filter(
        subscriber=OuterRef("pk"), to_state__in=Subscriber.CONFIRMED
    ).exclude(from_state__in=Subscriber.CONFIRMED)
    moment = agreed.order_by("-at", "-pk").values(moment=Coalesce("agreed_at", "at"))[:1]
    people = Subscriber.objects.exclude(email="").order_by("pk").prefetch_related("topics")
    return people.annotate(confirmed_at=Coalesce(Subquery(moment), "active_since"))


def write(file: IO[str]) -> Iterator[int]:
    """Write them all, and yield how many are written so far. Memory does not grow with them."""
    out = csv.writer(file)
    out.writerow(roster.COLUMNS)
    for count, person in enumerate(everybody().iterator(chunk_size=AT_ONCE), start=1):
        out.writerow(map(roster.harmless, _cells(person)))
        yield count


def _cells(person: Subscriber) -> list[str]:
    moment = person.confirmed_at  # type: ignore[attr-defined]
    tags = sorted(tag.slug for tag in person.topics.all())
    return [
        person.email, person.frequency, roster.TAGS_BY.join(tags),
        moment.astimezone(settings.ZONE).isoformat() if moment else "",
        roster.state_in_words(person),
    ]  # fmt: skip
