"""Where a comment's links lead, and how they are written."""

import re
import unicodedata
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from comments.rules import Rules
from comments.submissions import Finding, Submission
from comments.tokens import URL, folded, without_links, words_of

SHORTENERS = frozenset(
    """adf.ly bit.do bit.ly buff.ly cutt.ly goo.gl is.gd lnkd.in ow.ly rb.gy rebrand.ly
    shorturl.at t.co t.ly tiny.cc tinyurl.com v.gd""".split()  # noqa: SIM905
)
FEW_WORDS = 4
MOST_COUNTED = 4  # links after the first; a list of sources is no verdict
_LINK = re.compile(r'<a href="([^"]*)"')
_LINK_IN_NAME = re.compile(r"https?:|www\.|\b[\w-]+\.(?:com|net|org|info|biz|shop|ru|cn)\b", re.I)
_MARKUP = re.compile(
    r"<\s{0,5}/?\s{0,5}(?:img|iframe|script|svg|div|style|meta|object|embed|form|h[1-6]|font|body)\b[^<]{0,500}>?"
    r"|\[/?(?:url|link|img)\b[^\]]{0,300}\]|<\?php|javascript:|\bon(?:error|load|click)\s*=",
    re.I,
)
_WARES = re.compile(
    r"casino|slots?\d|poker|gacor|judi|bets?(?=[^a-z]|$)|^bet|jackpot|spin|roulette|essay|dissert|homework"
    r"|assignment|paper|loan|payday|kredit|credit|crypto|coin|token|forex|trad(?:e|ing)|invest|wallet"
    r"|seo|backlink|traffic|rank|follow|boost|cheap|deal|discount|sale|outlet|shop|store|buy|best|promo"
    r"|pharm|meds|pill|rx|cbd|keto|slim|diet|viagra|replica|rolex|watches|jersey|iptv|vpn|escort|dating|dates"
    r"|cams|singles|voyance|roof|plumb|carpet|remodel|insurance|quote|claims|survey|cash|vulkan|kasyno"
)
# What would run if it were let: a tag that is only named, as in a report of a fault, does not.
_SCRIPT = re.compile(
    r"<\s{0,5}script\b[^<]{0,500}(?:<\s{0,5}/|[(=])|<\s{0,5}iframe\b[^<]{0,200}src\s{0,5}=|<\?php\s"
    r"|href\s{0,5}=[\s\"']{0,5}javascript:|<[^<>]{1,200}\bon(?:error|load|click)\s{0,5}=",
    re.I,
)
_HTML_LINK = re.compile(r"<\s{0,5}a\s[^<]{0,500}>", re.I)


def many(submission: Submission, rules: Rules) -> Iterator[Finding]:
    """Count links past the first, which is free: a source is what a good comment gives.

    Links to hosts the staff's list gives no points, or fewer, are sources too.
    """
    counted = _strangers(submission, rules)
    if len(counted) > 1:
        yield Finding("links", f"{len(counted)} links", min(MOST_COUNTED, len(counted) - 1))


def in_name(submission: Submission) -> Iterator[Finding]:
    if found := _LINK_IN_NAME.search(submission.name):
        yield Finding("link-in-name", found[0])


def hidden_target(submission: Submission) -> Iterator[Finding]:
    """Find a bare IP address or a link shortener: nobody can see where it leads."""
    for host in hosts(submission):
        if _is_hidden(host):
            yield Finding("hidden-target", host[:100])
            return


def lookalike_host(submission: Submission) -> Iterator[Finding]:
    """Find Latin letters mixed with others in one label: `аpple.com` with a Cyrillic а."""
    for host in hosts(submission):
        if any(_mixes_scripts(label) for label in host.split(".") if label.startswith("xn--")):
            yield Finding("lookalike-host", host[:100])
            return


def bare(submission: Submission, rules: Rules) -> Iterator[Finding]:
    """Find a link with hardly a word around it: it says nothing about the post."""
    if (
        has_stranger(submission, rules)
        and len(words_of(without_links(submission.body))) < FEW_WORDS
    ):
        yield Finding("bare-link", "a link and hardly a word")


def front_page(submission: Submission, rules: Rules) -> Iterator[Finding]:
    """Find a link to the front of a site nobody vouched for: a source is a page deep inside.

    `/quote` and `/uk` are the front still; three words in a row are an article's title.
    """
    for address in _addresses(submission.body_html):
        host = _host_of(address)
        if _is_stranger(host, rules) and not _is_deep(address) and not _is_hidden(host):
            yield Finding("front-page", host[:100])
            return


def named_host(submission: Submission, rules: Rules) -> Iterator[Finding]:
    """Find a link to a host called like the writer, or like what somebody sells."""
    own = [word for word in words_of(folded(submission.name)) if len(word) >= FEW_WORDS]
    for address in _addresses(submission.body_html):
        host = _host_of(address)
        if not _is_stranger(host, rules):
            continue
        if found := _WARES.search(host):
            yield Finding("named-host", found[0])
            return
        label = re.sub(r"[^a-z0-9]", "", host.removeprefix("www.").split(".")[0])
        if not _is_deep(address) and any(word[:6] in label for word in own):
            yield Finding("named-host", "the writer's name")
            return


def markup(submission: Submission) -> Iterator[Finding]:
    """Find BBCode, a script or hidden HTML: our form says what works, machines don't read it.

    A link in plain HTML is what people write who learnt it once.
    """
    text = f"{submission.name}\n{submission.body}"
    if found := _SCRIPT.search(text):
        yield Finding("script", found[0][:60])
    elif found := _MARKUP.search(text):
        yield Finding("markup", found[0][:60])
    elif found := _HTML_LINK.search(text):
        yield Finding("html-link", found[0][:60])


def has_link(submission: Submission) -> bool:
    return bool(_LINK.search(submission.body_html) or URL.search(submission.body))


def has_stranger(submission: Submission, rules: Rules) -> bool:
    """Return whether a link leads to a host that the staff's list does not call a source."""
    return bool(_strangers(submission, rules))


def _strangers(submission: Submission, rules: Rules) -> list[str]:
    return [host for host in hosts(submission) if _is_stranger(host, rules)]


def _is_stranger(host: str, rules: Rules) -> bool:
    points = rules.domain_points(host)
    return points is None or points > 0


def hosts(submission: Submission) -> list[str]:
    """Return the host of each link as readers would follow it, in their order."""
    return [_host_of(address) for address in _addresses(submission.body_html)]


def _addresses(body_html: str) -> list[str]:
    return _LINK.findall(body_html)


def _host_of(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return address[:100]


def _is_deep(address: str) -> bool:
    try:
        parts = [part for part in urlsplit(address).path.split("/") if part]
    except ValueError:
        return False
    return len(parts) > 1 or any(part.count("-") > 2 or ".pdf" in part for part in parts)


def _is_hidden(host: str) -> bool:
    return host.removeprefix("www.") in SHORTENERS or _is_ip(host)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host.isdigit()  # http://3232235777/ is an address too.
    return True


def _mixes_scripts(label: str) -> bool:
    try:
        letters = label.encode().decode("idna")
    except UnicodeError:
        return True
    scripts = {unicodedata.name(char, "?").split()[0] for char in letters if char.isalpha()}
    return "LATIN" in scripts and len(scripts) > 1
