"""The message as bytes: built once per edition, a few of them replaced for each person.

Measured against a message built by Django for each person, this is about five times as fast; and
what is sent is exactly what the edition holds. Follows RFC 5322, 2046, 2369, 2919, 8058, 3834.
"""

import quopri
import re
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.urls import reverse

from pbrsite import mail
from subscriptions import tokens
from subscriptions.editions import TOKEN_MARK
from subscriptions.models import Edition

_TO_MARK = b"recipient@mark.invalid"
_ID_MARK = b"message-id-of-one-delivery-00000"


@dataclass(frozen=True)
class Letter:
    """One message ready for one person; `sender` is the envelope's."""

    sender: str
    to: str
    content: bytes
    edition: Edition
    token: str

    def personal(self, text: str) -> str:
        """Return a body of the edition as this person gets it."""
        return text.replace(TOKEN_MARK, self.token)


class Pattern:
    """An edition's message with marks in it."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        # "=_" cannot occur in quoted-printable text, so neither can the boundary.
        boundary = f"=_edition-{edition.pk}"
        parts = [
            f"--{boundary}\r\n{_part('plain')}".encode() + _quoted(edition.text),
            f"\r\n--{boundary}\r\n{_part('html')}".encode() + _quoted(edition.html),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
        self.content = _headers(edition, boundary) + b"".join(parts)

    def letter(self, subscriber_id: int, to: str) -> Letter:
        """Return the message of one person. The same person's is the same at every attempt."""
        issue_id = self.edition.issue_id
        token = tokens.leave(subscriber_id, issue_id)
        content = (
            self.content.replace(TOKEN_MARK.encode(), token.encode())
            .replace(_TO_MARK, to.encode("ascii"))
            .replace(_ID_MARK, tokens.message_id(subscriber_id, issue_id).encode())
        )
        return Letter(_envelope(subscriber_id, issue_id), to, content, self.edition, token)


def _headers(edition: Edition, boundary: str) -> bytes:
    """Return the header block. No line is folded but the subject, which may be long."""
    issue, domain = edition.issue, mail.sender_domain()
    subject = Header(edition.subject, "ascii" if edition.subject.isascii() else "utf-8",
                     header_name="Subject")  # fmt: skip
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    sender = formataddr((name, address))
    values = {
        "From": sender,
        "Reply-To": sender,
        "To": _TO_MARK.decode(),
        "Subject": subject.encode(linesep="\r\n"),
        "Date": format_datetime(issue.frozen_at),
        "Message-ID": f"<{_ID_MARK.decode()}@{domain}>",
        **_list_headers(TOKEN_MARK),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Feedback-ID": f"{issue.pk}:{issue.kind}:digest:{domain}",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    return "".join(f"{key}: {value}\r\n" for key, value in values.items()).encode() + b"\r\n"


def _list_headers(token: str) -> dict[str, str]:
    """Return what mail programs and providers need to unsubscribe somebody (RFC 2369, 8058)."""
    return {
        "List-ID": f"<digest.{mail.sender_domain()}>",
        "List-Unsubscribe": f"<{mail.absolute(reverse('subscriptions:leave', args=[token]))}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": f"<{settings.SITE_URL}/>",
    }


def _envelope(subscriber_id: int, issue_id: int) -> str:
    """Return the envelope sender: VERP where a bounce address is set, else our own address."""
    if not settings.BOUNCE_ADDRESS:
        return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    local, _, domain = parseaddr(settings.BOUNCE_ADDRESS)[1].rpartition("@")
    return f"{local}+{tokens.bounce(subscriber_id, issue_id)}@{domain}"


def _part(subtype: str) -> str:
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


def _quoted(text: str) -> bytes:
    """Return quoted-printable text with CRLF in which every mark stands on a line of its own.

    A soft line break may fall anywhere else, so no line is longer than 76 bytes whatever the
    template; inside a mark it would hide it from `letter`.
    """
    pieces = [
        quopri.encodestring(piece.encode())
        for piece in text.replace("\r\n", "\n").split(TOKEN_MARK)
    ]
    joined = f"=\n{TOKEN_MARK}=\n".encode().join(pieces)
    return re.sub(rb"\r?\n", b"\r\n", joined)
