"""One message = one folder of three templates; headers; absolute addresses."""

import logging
import re
import secrets
import smtplib
from collections.abc import Mapping, Sequence
from email.utils import make_msgid, parseaddr
from pathlib import Path
from typing import Any

import css_inline
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone

logger = logging.getLogger(__name__)

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


class MailNotSent(Exception):  # noqa: N818 - it reads as what it is.
    """The relay did not take the mail for now: try again later."""


class FileBackend(BaseEmailBackend):
    """Write each message as one `.eml` file (RFC 5322) that any mail program opens."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Return how many files were written to EMAIL_FILE_PATH; names sort by time."""
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{timezone.localtime():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}.eml"
            (folder / name).write_bytes(message.message().as_bytes(linesep="\r\n"))  # type: ignore[call-arg]
        return len(email_messages)


def build(
    name: str, to: str, context: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> EmailMultiAlternatives:
    """Return an unsent message from `<room>/email/<name>/{subject.txt,body.txt,body.html}`.

    `name` is written `<room>/<name>`. The text body comes first and is complete (RFC 2046); styles
    are inlined from the template itself, never fetched.
    """
    room, _, message = name.partition("/")
    folder = f"{room}/email/{message}"
    context = {**site_context(), **context}
    subject = one_line(render_to_string(f"{folder}/subject.txt", context))
    email = EmailMultiAlternatives(
        subject,
        tidy_text(render_to_string(f"{folder}/body.txt", context)),
        settings.DEFAULT_FROM_EMAIL,
        [to],
        headers={**standard_headers(), **(headers or {})},
    )
    email.attach_alternative(inline_styles(render_to_string(f"{folder}/body.html", context)),
                             "text/html")  # fmt: skip
    return email


def send(message: EmailMessage) -> None:
    """Send, or raise MailNotSent when a later attempt may do better. No address in error or log.

    A relay's permanent refusal of the recipient is the end of it: logged, not raised.
    """
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        if any(code < 500 for code in codes):
            raise MailNotSent(str(codes)) from None
        logger.info("The relay refused a recipient: %s", codes)
    except AnymailRecipientsRefused:
        logger.info("The provider refused a recipient")
    except (OSError, smtplib.SMTPException, AnymailError) as error:
        raise MailNotSent(type(error).__name__) from None


def standard_headers() -> dict[str, str]:
    """Return the headers of every automatic message (RFC 3834)."""
    return {
        "Message-ID": make_msgid(domain=sender_domain()),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def sender_domain() -> str:
    """Return the domain of DEFAULT_FROM_EMAIL."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]


def site_context() -> dict[str, str]:
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_STRAPLINE": settings.SITE_STRAPLINE,
        "SITE_URL": settings.SITE_URL,
        "POSTAL_ADDRESS": settings.POSTAL_ADDRESS,
    }


def absolute(path: str) -> str:
    """Return the full address of a path on this site; a full address comes back unchanged."""
    return settings.SITE_URL + path if path.startswith("/") else path


def inline_styles(html: str) -> str:
    """Return the HTML with its own `<style>` rules copied to each element."""
    return _inliner.inline(html)


def one_line(text: str) -> str:
    """Return the text with every run of white space folded (a header cannot be injected)."""
    return " ".join(text.split())


def tidy_text(text: str) -> str:
    """Return the text body with at most one empty line in a row."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
