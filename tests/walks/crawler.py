"""Follow every link of the public site, as a search engine would."""

import re
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.test import Client

ROOTS = [
    "/", "/tags/", "/archive/", "/search/", "/about/", "/privacy/", "/subscribe/",
    "/subscription/", "/feed/", "/feed/atom/", "/feed/json/", "/sitemap.xml", "/robots.txt",
    "/opensearch.xml", "/healthz", "/readyz", "/no-such-page/",
]  # fmt: skip
LINK = re.compile(r"""(?:href|src|action)=["']([^"'#]+)|<loc>([^<]+)</loc>|<link>([^<]+)</link>""")
MOST_PAGES = 600


def crawl(client: Client, *more: str) -> dict[str, str]:
    """Return every reachable public address with all it answered: headers and body."""
    waiting: list[str] = [*ROOTS, *more]
    seen: dict[str, str] = {}
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop()
        if path in seen:
            continue
        response = client.get(path)
        assert response.status_code != 500, path
        body = b"".join(response) if response.streaming else response.content
        headers = "\n".join(f"{name}: {value}" for name, value in response.items())
        text = body.decode("utf-8", "replace")
        seen[path] = f"{headers}\n\n{text}"
        if "text/html" in response.get("Content-Type", "") or "xml" in response["Content-Type"]:
            waiting += [link for link in _links(path, text) if link not in seen]
    assert not waiting, "the site has more pages than the crawl allows"
    return seen


def _links(path: str, text: str) -> set[str]:
    found = set()
    for groups in LINK.findall(text):
        parts = urlsplit(urljoin(settings.SITE_URL + path, "".join(groups).replace("&amp;", "&")))
        is_ours = parts.netloc == urlsplit(settings.SITE_URL).netloc
        if is_ours and not parts.path.startswith(("/static/", "/media/", "/admin/")):
            found.add(parts.path + (f"?{parts.query}" if parts.query else ""))
    return found
