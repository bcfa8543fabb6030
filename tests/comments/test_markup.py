"""A reader's Markdown: what it makes, and that nothing hostile comes through."""

import json
import re
import time
from pathlib import Path

import pytest
from lxml import html

from comments import markup

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "xss" / "vectors.jsonl"
REL = 'rel="nofollow ugc noopener"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
        ("One\ntwo", "<p>One<br>\ntwo</p>"),
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        (
            "[a](https://a.test/?b=1&c=2)",
            f'<p><a href="https://a.test/?b=1&amp;c=2" {REL}>a</a></p>',
        ),
        (
            "See http://a.test/b.",
            f'<p>See <a href="http://a.test/b" {REL}>http://a.test/b</a>.</p>',
        ),
        ("ben@example.org", "<p>ben@example.org</p>"),
        ("# Big", "<p># Big</p>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
    ],
)
def test_small_markdown_becomes_html(text, expected):
    assert markup.render(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](java&#9;script:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox)",
        "[x](//evil.example)",
        "[x](/\\evil.example)",
        "[x](../admin/)",
        "[x](mailto:a@example.org)",
        "<javascript:alert(1)>",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](http://tracker.test/pixel.gif)",
        '<a href="javascript:alert(1)" onclick=x>x</a>',
        '[x](http://a.test "onmouseover=alert(1)")',
        '[x](http://a.test/"onmouseover="alert(1))',
        "```\n</code></pre><script>alert(1)</script>\n```",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
    ],
)
def test_hostile_text_becomes_harmless(text):
    assert_harmless(markup.render(text))


def test_published_attack_collection_becomes_harmless():
    if not VECTORS.exists():
        pytest.skip(f"no attack collection at {VECTORS}")
    payloads = [json.loads(line)["payload"] for line in VECTORS.read_text().splitlines()]
    for payload in payloads:
        assert_harmless(markup.render(payload))
        assert_harmless(markup.render(f"[x]({payload})"))
    assert len(payloads) > 100


@pytest.mark.parametrize("mark", [">", "*", "[", "![", "- ", "`", "<", "[](", "**a ", "_a*"])
def test_deep_nesting_is_fast(mark):
    start = time.process_time()
    markup.render(mark * (10_000 // len(mark)))
    assert time.process_time() - start < 1


def test_lookalike_host_is_shown_as_it_is_looked_up():
    rendered = markup.render("http://\u0430pple.com/login")
    assert "xn--pple-43d.com/login</a>" in rendered
    assert "\u0430pple" not in rendered


def assert_harmless(rendered: str) -> None:
    """Parse as a browser would: allowed elements only, no attribute but a web address and rel."""
    root = html.fragment_fromstring(rendered, create_parent="div")
    for element in root.iterdescendants():
        assert element.tag in markup.TAGS, rendered
        assert set(element.keys()) <= {"href", "rel"}, rendered
        assert re.match(r"https?://[^/]", element.get("href", "http://a")), rendered
