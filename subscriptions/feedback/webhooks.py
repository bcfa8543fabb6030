"""`POST /hooks/mail/<esp>/`: what a mail provider tells about the mail it carried for the site.

django-anymail knows each provider's form and how it proves itself; what it reads is stored once and
weighed by a job. Off unless WEBHOOK_SECRETS names the provider.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from anymail.exceptions import AnymailError
from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailersend import MailerSendTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.mailtrap import MailtrapTrackingWebhookView
from anymail.webhooks.mandrill import MandrillCombinedWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from pbrsite import rates
from pbrsite.private import private_page
from subscriptions import tasks
from subscriptions.feedback import providerevents
from subscriptions.feedback.events import MailEvent, MailSource

logger = logging.getLogger(__name__)

LARGEST = 2_500_000  # bytes; a provider's largest batch has one.
REFUSALS, PER = 60, timedelta(minutes=10)  # of one network, until it is told to wait
# What a payload of another shape than its provider's makes the parsers raise.
_MALFORMED = (AnymailError, ImproperlyConfigured, ArithmeticError, AttributeError, LookupError,
              MultiPartParserError, OSError, RecursionError, SuspiciousOperation, TypeError,
              ValueError)  # fmt: skip


@dataclass(frozen=True)
class Provider:
    """How one provider's posts are read: by anymail's view, with the secret under this name."""

    view: type[AnymailCoreWebhookView]
    secret: str
    is_hard: Callable[[Mapping[str, Any]], bool]  # whether it calls a bounce final


def _nested(event: Mapping[str, Any], *names: str) -> Any:
    value: Any = event
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


_BASIC, _SIGNED = "webhook_secret", "signing_secret"
# Those whose posts anymail reads and verifies without a further package. Lists, not sets: what a
# post has in a word's place may be anything, and some of that has no hash.
PROVIDERS = {
    "brevo": Provider(
        BrevoTrackingWebhookView, _BASIC,
        lambda event: event.get("event") in ["hard_bounce", "invalid_email"],
    ),
    "mailersend": Provider(
        MailerSendTrackingWebhookView, _SIGNED,
        lambda event: _nested(event, "data", "type") == "hard_bounced",
    ),
    "mailgun": Provider(
        MailgunTrackingWebhookView, "webhook_signing_key",
        lambda event: _nested(event, "event-data", "reason") in ["bounce", "suppress-bounce"],
    ),
    "mailjet": Provider(
        MailjetTrackingWebhookView, _BASIC, lambda event: event.get("hard_bounce") is True,
    ),
    "mailtrap": Provider(
        MailtrapTrackingWebhookView, "tracking_secret",
        lambda event: event.get("bounce_category") in ["invalid_recipient", "bad_mailbox"],
    ),
    "mandrill": Provider(
        MandrillCombinedWebhookView, "webhook_key",
        lambda event: event.get("event") == "hard_bounce",
    ),
    "postmark": Provider(
        PostmarkTrackingWebhookView, _BASIC,
        lambda event: event.get("Type") in ["HardBounce", "BadEmailAddress"],
    ),
    "resend": Provider(
        ResendTrackingWebhookView, _BASIC,
        lambda event: _nested(event, "data", "bounce", "type") == "Permanent",
    ),
    "sparkpost": Provider(
        SparkPostTrackingWebhookView, _BASIC,
        # Its bounce classes: invalid recipient, no RCPT.
        lambda event: any(
            str(_nested(one, "bounce_class")) in ["10", "30"]
            for one in (_nested(event, "msys") or {}).values()
        ),
    ),
}  # fmt: skip


class _OneByOne:
    """Read each event of a batch by itself: a bad one is passed by, and the others are kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.passed_by = 0

    def esp_to_anymail_event(self, *args: Any) -> Any:
        return self._or_pass(super().esp_to_anymail_event, *args)  # type: ignore[misc]

    def unwrap_event(self, raw_event: Any) -> Any:
        """Do the same for SparkPost, whose events come in wrappers."""
        return self._or_pass(super().unwrap_event, raw_event) or (None, None, raw_event)  # type: ignore[misc]

    def _or_pass(self, read: Callable[..., Any], *args: Any) -> Any:
        try:
            return read(*args)
        except _MALFORMED:
            self.passed_by += 1
            return None


READERS = {
    name: type(f"{name.capitalize()}Reader", (_OneByOne, provider.view), {})
    for name, provider in PROVIDERS.items()
}


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
@private_page(referrer="no-referrer")
def receive(request: HttpRequest, esp: str) -> HttpResponse:
    """Verify, store, answer. What cannot prove that the provider sent it leaves nothing behind."""
    secret = settings.WEBHOOK_SECRETS.get(esp)
    if secret is None:
        raise Http404("No such provider is set up.")
    if request.method == "HEAD":  # Some ask whether anybody is there when they are set up.
        return HttpResponse()
    if _size(request) > LARGEST:
        return _refuse("This is more than a provider sends at once.", 413)
    reader = READERS[esp](**{PROVIDERS[esp].secret: secret})
    try:
        reader.run_validators(request)
    except _MALFORMED:
        return _refuse_stranger(request, esp)
    try:
        events = [event for event in reader.parse_events(request) if event is not None]
    except _MALFORMED:
        return _refuse("This is not what the provider sends.", 400)
    _keep(esp, events, passed_by=reader.passed_by)
    return HttpResponse()


def _keep(esp: str, events: list[Any], *, passed_by: int) -> None:
    now = timezone.now()
    with transaction.atomic():
        known = providerevents.from_provider(esp, events, is_hard=PROVIDERS[esp].is_hard, now=now)
        if MailEvent.objects.record(known):
            tasks.weigh.defer()
        MailSource.heard(esp, at=now, passed_by=passed_by)
    if passed_by:
        logger.warning("%s events of %s could not be read", passed_by, esp)


def _size(request: HttpRequest) -> int:
    """Return how much is announced; no more than that is ever read."""
    given = str(request.META.get("CONTENT_LENGTH") or "")
    return int(given) if given.isdecimal() and len(given) < 20 else 0


def _refuse_stranger(request: HttpRequest, esp: str) -> HttpResponse:
    logger.warning("A post to the webhook of %s did not prove itself", esp)
    key = f"webhook:{rates.network(request)}"
    if not rates.take(key, size=REFUSALS, per=PER, now=timezone.now()):
        return _refuse("Too many of these. Wait a while.", 429)
    return _refuse("This does not prove that the provider sent it. Check the secret.", 400)


def _refuse(words: str, status: int) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
