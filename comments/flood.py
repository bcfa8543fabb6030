"""Far too many posts from one network, turned away before they cost anything.

The buckets in Postgres decide who sends too much, and answer with the whole form. A machine that
goes on regardless would have each of its posts parsed, rendered and counted there; beyond what any
bucket lets through, this process remembers the network and answers with a few lines and the text.
"""

from collections import OrderedDict
from datetime import datetime
from threading import Lock

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from comments.limits import LONGEST_TEXT
from pbrsite import rates

WINDOW_SECONDS = 600
MOST = 60  # posts of one network in a window and process: half again what Postgres lets through
REMEMBERED = 4_096  # networks; the one longest silent is forgotten first
LARGEST_READ = 100_000  # bytes; of a larger body nothing is handed back

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Too many comments</title>'
    "<h1>Too many comments are arriving from your network</h1>"
    "<p>Nothing was stored. Your text is kept below: copy it, wait ten minutes, go back and send "
    'it again.</p><p><label for="body">Your comment</label></p>'
    '<textarea id="body" rows="12" cols="60">{}</textarea></html>'
)
_lock = Lock()
_buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # to (tokens, when, in seconds)


def refusal(request: HttpRequest, now: datetime) -> HttpResponse | None:
    """Return a 429 for a network that posts far too much, else None; no query, no template."""
    network = rates.network(request)
    if not network or _take(network, now.timestamp()):
        return None
    response = HttpResponse(format_html(_PAGE, _text(request)), status=429)
    response["Retry-After"] = str(WINDOW_SECONDS)
    response["X-Robots-Tag"] = "noindex"
    return response


def _take(network: str, now: float) -> bool:
    with _lock:
        tokens, since = _buckets.pop(network, (float(MOST), now))
        tokens = min(MOST, tokens + MOST * max(0.0, now - since) / WINDOW_SECONDS)
        allowed = tokens >= 1
        _buckets[network] = (tokens - allowed, max(now, since))
        while len(_buckets) > REMEMBERED:
            _buckets.popitem(last=False)
    return allowed


def _text(request: HttpRequest) -> str:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST_READ:
        return ""
    return request.POST.get("body", "")[:LONGEST_TEXT]


def forget() -> None:
    """Begin anew, as a fresh process does."""
    with _lock:
        _buckets.clear()
