"""The keys in links: each opens one thing for one person.

A signed token is the URL-safe base64 of purpose (1 byte), key id (1), subscriber (8), a value (8),
and the first 16 bytes of an HMAC-SHA-256 over those: 46 characters, whoever it is for. They stay
under 64, so that no header which carries one has to be folded.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

_LAYOUT = struct.Struct(">cBQQ")
MAC_BYTES = 16
WIDTH = 46  # characters
BROWSER = re.compile(r"[0-9a-f]{32}")
MANAGE_FOR = timedelta(hours=1)
RETURN_FOR = timedelta(minutes=30)
_CONFIRM, _LEAVE, _MANAGE, _BOUNCE, _RETURN = "c", b"u", b"m", b"b", b"r"
_SELF_CHECK = b"s"
_TAG_MAC_BYTES = 10
TAG_WIDTH = 45  # characters of a tag in an address


class InvalidToken(Exception):  # noqa: N818 - it reads as what it is.
    """The link is damaged, forged, out of date, or was made for something else."""


@dataclass(frozen=True)
class Leave:
    subscriber_id: int
    issue_id: int


@dataclass(frozen=True)
class Manage:
    subscriber_id: int
    epoch: int


@dataclass(frozen=True)
class Bounced:
    subscriber_id: int
    issue_id: int


@dataclass(frozen=True)
class SelfCheck:
    check_id: int
    sent_at: datetime  # in whole seconds


@dataclass(frozen=True)
class Return:
    event_id: int
    paused_until: datetime | None


def new_confirmation() -> str:
    """Return 128 random bits, marked as a confirmation."""
    return _CONFIRM + secrets.token_urlsafe(16)


def digest_of(token: str) -> str:
    """Return the SHA-256 under which a confirmation token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def leave(subscriber_id: int, issue_id: int = 0) -> str:
    """Return a token that can unsubscribe, pause or go weekly. It never expires."""
    return _sign(_LEAVE, subscriber_id, issue_id)


def read_leave(token: str) -> Leave:
    return Leave(*_verify(_LEAVE, token))


def manage(subscriber_id: int, epoch: int, *, now: datetime) -> str:
    """Return a token for the preference page: one hour, and only while the epoch is this one."""
    expires = int((now + MANAGE_FOR).timestamp())
    return _sign(_MANAGE, subscriber_id, epoch << 40 | expires)


def read_manage(token: str, *, now: datetime) -> Manage:
    subscriber_id, value = _verify(_MANAGE, token)
    if value & (1 << 40) - 1 < now.timestamp():
        raise InvalidToken
    return Manage(subscriber_id, value >> 40)


def way_back(event_id: int, *, paused_until: datetime | None, now: datetime) -> str:
    """Return a token that undoes one goodbye for half an hour. No mail ever holds one.

    It names the event, not the person: once anything else happened it is worth nothing.
    """
    expires = int((now + RETURN_FOR).timestamp())
    pause_ends = int(paused_until.timestamp()) if paused_until else 0
    return _sign(_RETURN, event_id, expires << 32 | pause_ends)


def read_way_back(token: str, *, now: datetime) -> Return:
    event_id, value = _verify(_RETURN, token)
    if value >> 32 < now.timestamp():
        raise InvalidToken
    pause_ends = value & (1 << 32) - 1
    return Return(event_id, datetime.fromtimestamp(pause_ends, UTC) if pause_ends else None)


def browser(email: str) -> str:
    """Return what the browser keeps that asked for mail to this address; it names nobody."""
    return _browser(_signing_id(), email)


def is_browser_of(email: str, mark: str) -> bool:
    """Return whether a browser with this mark filled in the form for the address."""
    given = mark.encode("utf-8", "replace")
    return any(hmac.compare_digest(_browser(key, email).encode(), given) for key in _keys())


def bounce(subscriber_id: int, issue_id: int) -> str:
    """Return the part of an envelope sender that names its delivery (VERP), in lower case."""
    return _sign_tag(_BOUNCE, subscriber_id, issue_id)


def read_bounce(tag: str) -> Bounced:
    """Return whose delivery it was, however a relay has cased the tag; forged: InvalidToken."""
    return Bounced(*_verify_tag(_BOUNCE, tag))


def self_check(check_id: int, *, sent_at: datetime) -> str:
    """Return the tag of the address to which the site writes to itself."""
    return _sign_tag(_SELF_CHECK, check_id, int(sent_at.timestamp()))


def read_self_check(tag: str) -> SelfCheck:
    check_id, seconds = _verify_tag(_SELF_CHECK, tag)
    return SelfCheck(check_id, datetime.fromtimestamp(seconds, UTC))


def message_id(subscriber_id: int, issue_id: int) -> str:
    """Return 32 characters, the same at every attempt of one delivery."""
    key = _signing_id()
    return _mac(key, _LAYOUT.pack(b"i", key, subscriber_id, issue_id))[:16].hex()


def address_keys(email: str) -> list[str]:
    """Return the keyed hash of an address under each key, the signing one first."""
    text = b"address:" + email.lower().encode()
    ids = [_signing_id(), *(key for key in _keys() if key != _signing_id())]
    return [_mac(key, text).hex() for key in ids]


def _browser(key_id: int, email: str) -> str:
    return _mac(key_id, b"browser:" + email.lower().encode())[:MAC_BYTES].hex()


def _sign(purpose: bytes, subscriber_id: int, value: int) -> str:
    key = _signing_id()
    payload = _LAYOUT.pack(purpose, key, subscriber_id, value)
    mac = _mac(key, payload)[:MAC_BYTES]
    return base64.urlsafe_b64encode(payload + mac).decode().rstrip("=")


def _verify(purpose: bytes, token: str) -> tuple[int, int]:
    """Return subscriber and value, or raise InvalidToken. Constant time in the MAC."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"==", altchars=b"-_", validate=True)
        found, key, subscriber_id, value = _LAYOUT.unpack(raw[: _LAYOUT.size])
        mac = _mac(key, raw[: _LAYOUT.size])[:MAC_BYTES]
    except (UnicodeEncodeError, binascii.Error, struct.error, KeyError) as error:
        raise InvalidToken from error
    is_genuine = hmac.compare_digest(mac, raw[_LAYOUT.size :])
    # The last character of 46 holds spare bits: only the spelling we give out is accepted.
    is_canonical = base64.urlsafe_b64encode(raw).decode().rstrip("=") == token
    if not (is_genuine and is_canonical and found == purpose):
        raise InvalidToken
    return subscriber_id, value


def _sign_tag(purpose: bytes, first: int, second: int) -> str:
    """Return a tag for a local part: relays may change its case, and it has 64 characters.

    So it is base32 with a shorter MAC.
    """
    payload = _LAYOUT.pack(purpose, _signing_id(), first, second)
    mac = _mac(_signing_id(), payload)[:_TAG_MAC_BYTES]
    return base64.b32encode(payload + mac).decode().rstrip("=").lower()


def _verify_tag(purpose: bytes, tag: str) -> tuple[int, int]:
    """Return both numbers of a tag, or raise InvalidToken. Constant time in the MAC."""
    try:
        raw = base64.b32decode(tag.upper().encode("ascii") + b"===")
        found, key, first, second = _LAYOUT.unpack(raw[: _LAYOUT.size])
        mac = _mac(key, raw[: _LAYOUT.size])[:_TAG_MAC_BYTES]
    except (UnicodeEncodeError, binascii.Error, struct.error, KeyError) as error:
        raise InvalidToken from error
    if not (hmac.compare_digest(mac, raw[_LAYOUT.size :]) and found == purpose):
        raise InvalidToken
    return first, second


def _keys() -> dict[int, str]:
    """Return the ring: MAIL_KEYS, and SECRET_KEY as number 0 so that first links stay good."""
    return {**settings.MAIL_KEYS, 0: settings.SECRET_KEY}


def _signing_id() -> int:
    return next(iter(settings.MAIL_KEYS), 0)


def _mac(key_id: int, message: bytes) -> bytes:
    secret = settings.MAIL_KEYS[key_id] if key_id else settings.SECRET_KEY
    key = b"subscriptions.tokens:" + secret.encode()
    return hmac.digest(key, message, "sha256")
