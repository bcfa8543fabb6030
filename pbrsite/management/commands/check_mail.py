"""Have the site write to itself, and say how the last of these mails arrived."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from subscriptions.deliverability import selfmail
from subscriptions.deliverability.selfchecks import SelfCheck


class Command(BaseCommand):
    help = (
        "Send a mail through the relay to the site's own mailbox, to learn whether SPF, DKIM and "
        "DMARC hold and the unsubscribe headers are signed. The worker sends one a day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not selfmail.is_possible():
            raise CommandError("Set BOUNCE_ADDRESS and BOUNCE_MAILBOX first: see the README.")
        now = timezone.now()
        last = SelfCheck.objects.arrived().first()
        if last:
            said = " ".join(last.problems(now)) or "Nothing to mend."
            self.stdout.write(f"The last, of {last.sent_at:%Y-%m-%d %H:%M} UTC: {said}")
        check = selfmail.send(now)
        if check.trouble:
            raise CommandError(f"The relay did not take it: {check.trouble}.")
        self.stdout.write("Sent. read_bounces, or the worker within five minutes, finds it.")
