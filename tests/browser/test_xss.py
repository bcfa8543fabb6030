"""Hostile HTML from the test suites of others, in every place where a body or a title is shown."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page

from posts.models import Post
from posts.prose import sanitize_body
from subscriptions import editions
from subscriptions.models import Issue
from tests.browser.test_editor_to_reader import log_in
from tests.factories import make_post, make_tag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

VECTORS = Path(__file__).parents[3] / "shared/data/xss/vectors.jsonl"
AT_ONCE = 200  # payloads in one body: an unclosed one hides those behind it, so both ways are tried
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

# Whatever a payload calls to show that it ran.
HOOKS = """
window.fired = []
for (const name of ["alert", "confirm", "prompt", "print", "open", "msgbox", "XSS", "track"]) {
    window[name] = () => { window.fired.push(name) }
}
document.addEventListener("prose-editor:ready", ({detail}) => { window.editor = detail.editor })
"""
# Hand every payload alone to the editor, as a body it opens, and collect what acts.
OPEN_EACH = """async payloads => {
    const walk = WALK
    const acts = []
    for (const payload of payloads) {
        window.editor.commands.setContent(payload)
        acts.push(...walk(".prose-editor .ProseMirror"))
    }
    return acts
}"""
# Move over everything as a person's hand does, then say what acted, and what would on a click.
WALK = """scope => {
    const OURS = 'script[src^="/static/"], script[type="application/ld+json"]'
    const acts = [...window.fired]
    const links = {href: 1, src: 1, action: 1, formaction: 1, data: 1, background: 1}
    for (const element of document.querySelectorAll(`${scope} *`)) {
        for (const name of ["mouseover", "mouseenter", "focus", "error", "load", "animationend"]) {
            element.dispatchEvent(new Event(name))
        }
        for (const {name, value} of element.attributes) {
            if (name.startsWith("on")) acts.push(`${name} on ${element.localName}`)
            if (!links[name] || !URL.canParse(value, "http://base.test/")) continue
            const {protocol} = new URL(value, "http://base.test/")
            if (!/^(https?|mailto):$/.test(protocol)) acts.push(`${name}=${value}`)
        }
        if (element.matches(OURS)) continue
        if (element.matches("script, iframe, object, embed, form, base, svg, math")) {
            acts.push(`<${element.localName}>`)
        }
    }
    return [...acts, ...window.fired, ...(document.vulnerable ? ["document.vulnerable"] : [])]
}"""


@pytest.fixture(scope="module")
def payloads() -> list[str]:
    if not VECTORS.exists():
        pytest.skip(f"no hostile HTML at {VECTORS}")
    return [json.loads(line)["payload"] for line in VECTORS.read_text().splitlines()]


@pytest.fixture
def bodies(payloads: list[str]) -> list[str]:
    """Return them side by side in few bodies, and once more each made harmless alone."""
    alone = "".join(f"<p>{sanitize_body(payload)}</p>" for payload in payloads)
    together = [
        "".join(payloads[start : start + AT_ONCE]) for start in range(0, len(payloads), AT_ONCE)
    ]
    return [alone, *together]


@pytest.fixture
def bare(chromium: Browser, live_server: Any) -> Iterator[Page]:
    """Return a page without our policy: what is left must be harmless without its help."""
    context = chromium.new_context(base_url=live_server.url, bypass_csp=True)
    context.add_init_script(HOOKS)
    page = context.new_page()
    page.set_default_timeout(60_000)
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url) if is_foreign(request) else None)
    page.route(lambda url: not url.startswith(live_server.url), lambda route: route.abort())
    yield page
    context.close()
    assert asked == []


def is_foreign(request: Any) -> bool:
    """Return whether a page asks somebody else, or loads another page than the one opened."""
    is_ours = request.url.startswith(("http://localhost", "http://127.0.0.1", "about:"))
    is_picture_in_the_editor = "/admin/" in request.frame.url and request.resource_type == "image"
    return not is_ours and not is_picture_in_the_editor


def acts(page: Page, scope: str) -> list[str]:
    found: list[str] = page.evaluate(WALK, scope)
    return found


def test_nothing_acts_on_the_page(bare, bodies):
    for body in bodies:
        post = make_post(body=body)
        bare.goto(post.get_absolute_url())
        assert acts(bare, ".prose") == []
        assert bare.url.endswith(post.get_absolute_url())


def test_nothing_acts_in_a_feed_shown_as_html(bare, bodies, client):
    for body in bodies[:20]:
        make_post(body=body)
    items = json.loads(client.get("/feed/json/").content)["items"]
    bare.goto("about:blank")
    for item in items:
        bare.set_content(item["content_html"])
        assert acts(bare, "body") == []


def test_nothing_acts_in_the_editor_even_if_the_row_was_written_past_us(bare, payloads):
    log_in(bare)
    post = make_post()
    with connection.cursor() as cursor:
        body = "".join(payloads).replace("\x00", "")
        cursor.execute("UPDATE posts_post SET body = %s", [body])
    bare.goto(f"/admin/posts/post/{post.pk}/change/")
    bare.locator(".prose-editor .ProseMirror[contenteditable=true]").wait_for()
    assert acts(bare, ".prose-editor .ProseMirror") == []
    assert bare.evaluate(OPEN_EACH.replace("WALK", WALK), payloads) == []


def test_nothing_acts_where_titles_and_excerpts_are_shown(bare, payloads):
    words = [payload.replace("\x00", "") for payload in payloads]
    posts = []
    for start in range(0, len(words), AT_ONCE):
        some = words[start : start + AT_ONCE]
        posts.append(make_post(title=some[0][:160], excerpt=" ".join(some), standfirst=some[-1]))
    issue = Issue(
        kind="daily", local_date=NOON.date(), scheduled_for=NOON, cutoff=NOON, frozen_at=NOON
    )
    mail = editions.compose(issue, list(Post.objects.for_list()), [])
    bare.goto("about:blank")
    bare.set_content(mail.html)
    assert acts(bare, "body") == []
    assert bare.locator("img, video, table table table").count() == 0
    for path in ("/", posts[0].get_absolute_url()):
        bare.goto(path)
        assert set(acts(bare, "main")) <= {"<form>", "<svg>"}


def test_nothing_acts_in_a_topics_introduction(bare, payloads):
    tag = make_tag(introduction="".join(f"<p>{sanitize_body(one)}</p>" for one in payloads))
    make_post(tags=(tag,))
    bare.goto(tag.get_absolute_url())
    assert set(acts(bare, "main")) <= {"<form>", "<svg>"}
