"""A token bucket in Postgres: how often one network, address or post may do a thing."""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

_TAKE = """
INSERT INTO rate_bucket AS bucket (key, tokens, filled_at) VALUES (%(key)s, %(size)s - 1, %(now)s)
ON CONFLICT (key) DO UPDATE SET
    tokens = least(%(size)s, bucket.tokens + %(size)s
        * greatest(0, extract(epoch FROM %(now)s - bucket.filled_at)) / %(seconds)s) - 1,
    filled_at = greatest(bucket.filled_at, %(now)s)
WHERE least(%(size)s, bucket.tokens + %(size)s
        * greatest(0, extract(epoch FROM %(now)s - bucket.filled_at)) / %(seconds)s) >= 1
RETURNING tokens
"""

_LEFT = """
SELECT least(%(size)s, tokens + %(size)s
    * greatest(0, extract(epoch FROM %(now)s - filled_at)) / %(seconds)s)
FROM rate_bucket WHERE key = %(key)s
"""


def take(key: str, *, size: int, per: timedelta, now: datetime) -> bool:
    """Take one token; return whether there was one. Atomic; refills `size` tokens `per` period.

    The key is stored as an HMAC: the table holds no address, of people or of machines. It is
    UNLOGGED, so a crash of Postgres empties it and everybody starts with a full bucket.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, _bucket(key, size=size, per=per, now=now))
        return cursor.fetchone() is not None


def left(key: str, *, size: int, per: timedelta, now: datetime) -> float:
    """Return how many tokens `take` would find; writes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, _bucket(key, size=size, per=per, now=now))
        found = cursor.fetchone()
    return float(found[0]) if found else float(size)


def forget(*, before: datetime) -> int:
    """Delete the buckets untouched since then; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rate_bucket WHERE filled_at < %s", [before])
        return int(cursor.rowcount)


def network(request: HttpRequest) -> str:
    """Return the visitor's network, a /24 (IPv4) or /48 (IPv6), or "" when it is unknown."""
    try:
        parsed = ip_address(client_address(request))
    except ValueError:
        return ""
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def client_address(request: HttpRequest) -> str:
    """Return the visitor's address as text; it may be nonsense a client sent through a proxy.

    `X-Forwarded-For` counts only as far as the machines that wrote it are TRUSTED_PROXIES: the
    first address from the right that is not one of them.
    """
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    address = str(request.META.get("REMOTE_ADDR", ""))
    while hops and _is_trusted(address):
        address = hops.pop() or address
    return address


def _bucket(key: str, *, size: int, per: timedelta, now: datetime) -> dict[str, Any]:
    digest = salted_hmac("pbrsite.rates", key, algorithm="sha256").hexdigest()
    return {"key": digest, "size": size, "seconds": per.total_seconds(), "now": now}


def _is_trusted(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in proxy for proxy in settings.TRUSTED_PROXIES)
