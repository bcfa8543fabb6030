"""Without a mail server: the messages in `var/mail/`, for staff to read in the admin."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import urlize
from django.views.decorators.http import require_safe

SHOWN = 100
PERMISSION = "subscriptions.view_subscriber"  # A message shows the address it goes to.


@dataclass(frozen=True)
class Envelope:
    name: str
    to: str
    subject: str
    written_at: datetime


def is_in_use() -> bool:
    """Return whether mail goes to files, that is, whether EMAIL_URL is unset."""
    return str(settings.EMAIL_BACKEND).endswith("FileBackend")


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the newest messages."""
    _guard(request)
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"), reverse=True)
    context = {
        **admin.site.each_context(request),
        "title": "Mail that was not sent",
        "envelopes": [_envelope(file) for file in files[:SHOWN]],
        "total": len(files),
        "folder": settings.EMAIL_FILE_PATH,
    }
    return TemplateResponse(request, "admin/mailbox.html", context)


@require_safe
def message(request: HttpRequest, name: str) -> HttpResponse:
    """Show one message: headers and text, its links alive."""
    _guard(request)
    file = Path(settings.EMAIL_FILE_PATH) / name
    if not re.fullmatch(r"[\w-]+\.eml", name) or not file.is_file():
        raise Http404("There is no such message.")
    parsed = _parse(file)
    body = parsed.get_body(("plain",))
    context = {
        **admin.site.each_context(request),
        "title": parsed["Subject"],
        "headers": [(header, value) for header, value in parsed.items()],
        "text": urlize(body.get_content() if body else "", autoescape=True),
    }
    return TemplateResponse(request, "admin/mail_message.html", context)


def _guard(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if not is_in_use():
        raise Http404("Mail goes to a mail server.")


def _envelope(file: Path) -> Envelope:
    parsed = _parse(file)
    written_at = parsed["Date"].datetime.replace(tzinfo=UTC)  # Django dates its mail in UTC.
    return Envelope(file.name, parsed["To"], parsed["Subject"], timezone.localtime(written_at))


def _parse(file: Path) -> EmailMessage:
    return message_from_bytes(file.read_bytes(), policy=policy.default)
