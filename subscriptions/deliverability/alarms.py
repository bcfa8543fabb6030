"""What there is to mend about the mail, in words: for the panel and the desk."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet

from subscriptions.deliverability import selfmail
from subscriptions.deliverability.domains import WITHIN
from subscriptions.deliverability.selfchecks import STALE_AFTER, SelfCheck
from subscriptions.feedback import returnedmail
from subscriptions.feedback.events import MailSource
from subscriptions.models import MailEvent, Subscriber

ANSWERS_SHOWN = 10
TROUBLE_FOR = timedelta(hours=1)  # A mailbox may be away for a moment.
REFUSALS_A_DAY = 10
# Gmail and Yahoo turn on senders of whom more than 0.3 % of the readers complain.
COMPLAINTS, COMPLAINT_SHARE = 3, 0.003


def refusals(now: datetime) -> list[dict[str, Any]]:
    """Return what was said to us when mail was refused on our account, the most frequent first."""
    events = MailEvent.objects.since(now - WITHIN).filter(kind=MailEvent.Kind.POLICY)
    told = events.values("status", "words").annotate(count=Count("pk"), last_at=Max("received_at"))
    return [{**row} for row in told.order_by("-count", "-last_at", "words")[:ANSWERS_SHOWN]]


def sources() -> QuerySet[MailSource]:
    """Return where events come from; a mailbox that is not set up any more is none."""
    if settings.BOUNCE_MAILBOX:
        return MailSource.objects.all()
    return MailSource.objects.exclude(name=returnedmail.SOURCE)


def current(now: datetime) -> list[str]:
    """Return in words what has to be mended; three queries, four when people complained."""
    return [*_of_self_check(now), *_of_sources(now), *_of_events(now)]


def _of_self_check(now: datetime) -> list[str]:
    if not selfmail.is_possible():
        return []
    last = list(SelfCheck.objects.all()[:5])
    if last and last[0].sent_at < now - STALE_AFTER:
        return ["The site has not written to itself for a day and a half: is a worker running?"]
    # One that is still on its way says nothing yet: the one before it does.
    known = next((one for one in last if one.arrived_at or one.problems(now)), None)
    return [f"Self-check: {words}" for words in known.problems(now)] if known else []


def _of_sources(now: datetime) -> list[str]:
    troubled = sources().filter(trouble_since__lte=now - TROUBLE_FOR)
    return [f"Returned mail is not read ({one.name}): {one.trouble}." for one in troubled]


def _of_events(now: datetime) -> list[str]:
    counts = MailEvent.objects.since(now - WITHIN).aggregate(
        refused=Count(
            "pk", filter=Q(kind=MailEvent.Kind.POLICY, received_at__gte=now - timedelta(days=1))
        ),
        complained=Count("pk", filter=Q(kind=MailEvent.Kind.COMPLAINT)),
    )
    found = []
    if counts["refused"] >= REFUSALS_A_DAY:
        found.append(f"{counts['refused']} mails were refused on our account since yesterday.")
    if counts["complained"] >= COMPLAINTS:
        audience = Subscriber.objects.active().count() + counts["complained"]
        if counts["complained"] > COMPLAINT_SHARE * audience:
            found.append(f"{counts['complained']} of {audience} readers complained within 30 days.")
    return found
