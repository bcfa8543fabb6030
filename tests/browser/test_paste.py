"""What is pasted from elsewhere arrives as we would have written it."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser.test_editor_to_reader import log_in
from tests.factories import make_author

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASTES = Path(__file__).parent / "pastes"
PASTE = """([html, text]) => {
    const data = new DataTransfer()
    if (html) data.setData("text/html", html)
    data.setData("text/plain", text)
    const options = {clipboardData: data, bubbles: true, cancelable: true}
    const editor = document.querySelector(".prose-editor .ProseMirror")
    editor.dispatchEvent(new ClipboardEvent("paste", options))
}"""
NOTE = '<small role="doc-footnote">'


@pytest.fixture
def editor(page: Page) -> Page:
    log_in(page)
    make_author(user=User.objects.get())
    page.goto("/admin/posts/post/add/")
    page.locator(".ProseMirror[contenteditable=true]").click()
    return page


def paste(page: Page, html: str, text: str = "words") -> str:
    """Paste as the clipboard would, and return the body the form would send."""
    page.evaluate(PASTE, [html, text])
    body: str = page.locator("#id_body").input_value()
    return body


def shown(body: str) -> str:
    """Return the HTML without what the sanitiser takes out of every table on saving."""
    from posts.prose import sanitize_body

    return sanitize_body(body)


def test_word_arrives_with_headings_lists_table_and_footnote(editor):
    body = shown(paste(editor, (PASTES / "word.html").read_text()))
    assert body.startswith(
        "<h2>What the pilots showed</h2><p>Three prisons tried the <strong>new contract</strong> "
        f"and <em>two</em> kept it.{NOTE}The count is of <em>men</em>, not sentences.</small> "
        "The third stopped.</p><h2>Why it stopped</h2>"
        "<ul><li><p>Too few men were released</p><ul><li><p>forty in the first year</p></li></ul>"
        "</li><li><p>The fee was late</p></li></ul><p>In order:</p>"
        "<ol><li><p>Count</p></li><li><p>Compare</p></li></ol>"
    )
    assert "<th><p>Year</p></th><th><p>Rate</p></th></tr><tr><td><p>2014</p>" in body
    assert body.endswith(
        '<p>See <a href="https://reports.example/pilots?page=2">the report</a>.</p>'
    )


def test_google_docs_arrives_without_its_wrapper_and_redirects(editor):
    body = shown(paste(editor, (PASTES / "google.html").read_text()))
    assert body.startswith(
        "<h2>How a service is bought</h2><p>A council writes <strong>one price</strong> and "
        '<em>waits</em>, as <a href="https://evidence.example/price">this study</a> says.</p>'
        "<h2>Who bids</h2><ul><li><p>Charities</p><ul><li><p>small ones</p></li></ul></li>"
        "<li><p>Companies</p></li></ul><table><tbody><tr><th><p>Lot</p></th><th><p>Bids</p></th>"
    )
    assert body.count("<strong>") == 1


def test_a_web_page_arrives_without_its_machinery(editor):
    body = shown(paste(editor, (PASTES / "web.html").read_text()))
    assert body == (
        "<h2>Peer support, counted</h2><p>A <strong>third</strong> came\u00a0back"
        f"{NOTE}Of <em>ninety</em>.</small>, see "
        '<a href="https://blog.example/more?page=2">more</a> and this.</p>'
        "<blockquote><p>It worked for me.</p></blockquote><h3>In figures</h3><table><tbody><tr>"
        "<th><p>Group</p></th><th><p>Back</p></th></tr><tr><td><p>With</p></td><td><p>31</p></td>"
        "</tr></tbody></table><pre><code>select  1</code></pre>"
    ).replace("\u00a0", "&nbsp;")
    assert editor.evaluate("window.stolen") is None


@pytest.mark.parametrize(
    ("name", "words"), [("word", "One picture was left out"), ("web", "media library")]
)
def test_a_foreign_picture_is_left_out_and_the_editor_told_what_to_do(editor, name, words):
    assert "<img" not in paste(editor, (PASTES / f"{name}.html").read_text())
    notice = editor.get_by_role("alert").filter(has_text="picture")
    expect(notice).to_contain_text(words)
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_an_address_over_selected_words_becomes_their_link(editor, live_server):
    editor.keyboard.type("Our other post")
    editor.keyboard.press("Control+a")
    body = paste(editor, "", f"{live_server.url}/other-post/?utm_source=x#costs")
    assert body == '<p><a href="/other-post/#costs">Our other post</a></p>'


def test_an_address_on_its_own_becomes_a_link_without_trackers(editor):
    body = paste(editor, "", "https://a.example/b?fbclid=1&c=2")
    assert body == '<p><a href="https://a.example/b?c=2">https://a.example/b?c=2</a></p>'


def test_a_link_of_ours_is_stored_without_the_sites_name(editor, live_server):
    html = f'<p>See <a href="{live_server.url}/other-post/">the other</a></p>'
    assert paste(editor, html) == '<p>See <a href="/other-post/">the other</a></p>'


def pasted(page: Any, html: str) -> str:
    return shown(paste(page, html))


@pytest.mark.parametrize(
    ("html", "body"),
    [
        ("<h1>A</h1><h2>B</h2><h1>C</h1>", "<h2>A</h2><h3>B</h3><h2>C</h2>"),  # Both are sections.
        ("<h1>A</h1><h6>B</h6>", "<h2>A</h2><h4>B</h4>"),  # One is the title.
        ("<p><b>a</b><i> b</i></p>", "<p><strong>a</strong><em> b</em></p>"),
        ("<table><tr><td><p>framed</p></td></tr></table>", "<p>framed</p>"),
        ("<p>a</p><p>&nbsp;</p><p><br></p><p>b</p>", "<p>a</p><p>b</p>"),
    ],
)
def test_what_others_mean_is_said_our_way(editor, html, body):
    assert pasted(editor, html) == body
