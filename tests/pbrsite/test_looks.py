"""What the looks promise and a machine can measure: weight, contrast, nothing inline."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from pbrsite import mail

STATIC = settings.BASE_DIR / "pbrsite" / "static" / "pbrsite"
TEMPLATES = settings.BASE_DIR / "templates"
STYLES = (STATIC / "site.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root {(.*?)}", STYLES, re.DOTALL)[:2]
)
PUBLIC = [
    path
    for path in TEMPLATES.rglob("*.html")
    if not {"admin", "email"} & set(path.relative_to(TEMPLATES).parts)
]


@pytest.mark.parametrize(
    ("name", "most"),
    [("site.css", 16_000), ("site.js", 3_000)],
)
def test_what_every_page_loads_is_light(name: str, most: int) -> None:
    assert (STATIC / name).stat().st_size <= most


def test_scripts_of_public_pages_are_light_together() -> None:
    of_comments = TEMPLATES.parent / "comments/static/comments"
    scripts = [*STATIC.glob("*.js"), of_comments / "preview.js", of_comments / "work.js"]
    assert sum(path.stat().st_size for path in scripts) <= 6_000


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("ink", "paper", 7),  # Body text: AAA.
        ("ink", "wash", 7),
        ("quiet", "paper", 7),  # The standfirst is read, too.
        ("quiet", "wash", 4.5),
        ("accent", "paper", 4.5),
        ("accent", "wash", 4.5),
        ("field", "accent", 4.5),  # Words on a button.
        ("ink", "mark", 4.5),
        ("edge", "paper", 3),  # A field's border (WCAG 1.4.11).
        ("edge", "wash", 3),
    ],
)
def test_colours_are_told_apart(
    colours: dict[str, str], text: str, ground: str, least: float
) -> None:
    lighter, darker = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= least


@pytest.mark.parametrize("path", PUBLIC, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_public_template_holds_nothing_the_policy_forbids(path: Path) -> None:
    source = path.read_text()

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", source)
    assert all(
        "src=" in tag or "application/ld+json" in tag
        for tag in re.findall(r"<script[^>]*>", source)
    )


@pytest.mark.parametrize("name", ["500.html", "503.html"])
def test_page_for_bad_days_needs_neither_request_nor_database(name: str) -> None:
    html = render_to_string(name, {"SITE_NAME": "A site & its name"})

    assert "A site &amp; its name" in html
    assert "/static/pbrsite/site.css" in html


def test_mail_keeps_its_dark_scheme_when_styles_are_inlined() -> None:
    html = mail.inline_styles(render_to_string("pbrsite/email/base.html", mail.site_context()))

    assert "prefers-color-scheme: dark" in html
    assert '<body style="' in html


def _luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
