"""The prose editor, as a person uses it: by mouse, by keyboard, with the media library."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from posts.models import GateRule, Image, Post
from tests.browser.test_editor_to_reader import a_picture, log_in, upload
from tests.factories import make_author, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOTE = '<small role="doc-footnote">Of <em>ninety</em>, <a href="/pilots/">says</a> it.</small>'
EVERYTHING = (
    "<h2>Two</h2><p>Plain <strong>bold</strong> <em>italic</em> <code>code</code> "
    f'<a href="https://example.org/a?b=1&amp;c=2">out</a>.{NOTE} On<br>and on.</p>'
    f"<h3>Three{NOTE}</h3><h4>Four</h4>"
    f"<ul><li><p>One</p><ul><li><p>in one</p></li></ul></li><li><p>Two{NOTE}</p></li></ul>"
    '<ol><li><p>One</p></li></ol><ol start="3" type="a"><li><p>c</p></li></ol>'
    '<figure><img src="/media/images/a.png" alt="A chart" data-file="7">'
    f'<figcaption>See <a href="/b/">b</a>.{NOTE} <small>Photo: Ann Example</small></figcaption>'
    '</figure><figure><img src="/media/images/b.png" alt="" role="presentation"></figure>'
    "<blockquote><p>Said.</p></blockquote><pre><code>x = 1\n  y &lt; 2</code></pre><hr>"
    "<table><tbody><tr><th><p>Year</p></th><th><p>Rate</p></th></tr>"
    '<tr><td colspan="2"><p>8.4</p></td></tr></tbody></table><p>End.</p>'
)


def begin(page: Page, title: str = "A new post") -> Locator:
    """Open an empty form with the title filled in, and return the editor with the cursor in it."""
    log_in(page)
    make_author(user=User.objects.get())
    page.goto("/admin/posts/post/add/")
    page.fill("#id_title", title)
    text = page.locator(".prose-editor .ProseMirror[contenteditable=true]")
    text.click()
    return text


def open_gate() -> None:
    """Let posts out that have nothing but a body: the gate has tests of its own."""
    GateRule.objects.bulk_create(GateRule(rule=name, level="off") for name in ("excerpt", "tag"))


def body_of(page: Page) -> str:
    return page.locator("#id_body").input_value()


def choose_from_library(page: Page) -> Locator:
    """Press the picture button, open the library, click the picture; return the dialog."""
    page.get_by_role("button", name="Picture", exact=True).click()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Choose from the media library").click()
    library = opened.value
    library.get_by_role("link", name="Images").first.click()
    library.locator("[data-ckeditor-function]").first.click()
    return page.get_by_role("dialog", name="Picture")


def add_note(page: Page, words: str) -> None:
    page.keyboard.press("Control+Alt+f")
    page.get_by_role("textbox", name="Text of the note").type(words)
    page.get_by_role("button", name="Insert footnote").click()


def test_a_picture_of_the_library_goes_into_the_body_with_its_words(page, tmp_path):
    log_in(page)
    make_author(user=User.objects.get())
    open_gate()
    upload(page, a_picture(tmp_path))
    Image.objects.update(credit="Photo: Ann Example")
    page.goto("/admin/posts/post/add/")
    page.fill("#id_title", "With a figure")
    dialog = choose_from_library(page)
    expect(dialog.locator("[name=imageUrl]")).to_have_value(Image.objects.get().image_file.url)
    expect(dialog.get_by_label("Credit")).to_have_value("Photo: Ann Example")
    dialog.get_by_role("button", name="Insert").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Say what the picture shows")
    dialog.get_by_label("Alternative text").fill("A red chart")
    dialog.get_by_label("Caption").fill("Reconvictions, 2014")
    dialog.get_by_role("button", name="Insert").click()
    page.click("[name=_publish]")
    page.goto("/with-a-figure/")
    expect(page.get_by_alt_text("A red chart")).to_be_visible()
    expect(page.locator("figcaption")).to_have_text("Reconvictions, 2014 Photo: Ann Example")
    assert Post.objects.get().body.count("<figure") == 1


def test_what_is_typed_after_a_picture_is_no_part_of_its_caption(page, tmp_path):
    log_in(page)
    make_author(user=User.objects.get())
    upload(page, a_picture(tmp_path))
    page.goto("/admin/posts/post/add/")
    page.locator(".prose-editor .ProseMirror").click()
    page.keyboard.type("Before.")
    for caption in ("One", "Two"):
        dialog = choose_from_library(page)
        dialog.get_by_label("Alternative text").fill("A red chart")
        dialog.get_by_label("Caption").fill(caption)
        dialog.get_by_label("Credit").fill("Photo: Ann Example")
        dialog.get_by_role("button", name="Insert").click()
        page.keyboard.type(f"After {caption}.")
    credit = "<small>Photo: Ann Example</small></figcaption></figure>"
    assert f"One {credit}<p>After One.</p><figure>" in body_of(page)
    assert body_of(page).endswith(f"Two {credit}<p>After Two.</p>")


def test_a_decorative_picture_is_marked_as_such(page, tmp_path):
    log_in(page)
    make_author(user=User.objects.get())
    upload(page, a_picture(tmp_path))
    page.goto("/admin/posts/post/add/")
    page.locator(".prose-editor .ProseMirror").click()
    dialog = choose_from_library(page)
    dialog.get_by_label("Only decoration").check()
    dialog.get_by_role("button", name="Insert").click()
    assert 'alt="" ' in body_of(page)
    assert 'role="presentation"' in body_of(page)
    page.locator("figure img").dblclick()
    expect(page.get_by_role("dialog").get_by_label("Only decoration")).to_be_checked()


def test_a_note_written_in_the_editor_is_numbered_and_leads_there_and_back(page):
    open_gate()
    begin(page, "With notes")
    page.keyboard.type("Ninety men left.")
    add_note(page, "By the count of March.")
    page.keyboard.type(" Thirty came back.")
    add_note(page, "Within a year.")
    page.click("[name=_publish]")
    page.goto("/with-notes/")
    mark = page.get_by_role("link", name="Note 2", exact=True)
    expect(mark).to_have_text("2")
    mark.click()
    assert page.evaluate("document.querySelector(':target').textContent").startswith("Within")
    page.locator("section[role=doc-endnotes] a[role=doc-backlink]").nth(1).click()
    assert page.evaluate("document.querySelector(':target').textContent") == "2"
    expect(page.get_by_role("heading", name="Notes", exact=True)).to_be_visible()


def test_a_note_is_changed_by_a_click_and_taken_out_by_a_button(page):
    begin(page)
    page.keyboard.type("Ninety")
    add_note(page, "Men.")
    page.get_by_role("button", name="Footnote: Men.").click()
    page.get_by_role("textbox", name="Text of the note").press_sequentially(" And women.")
    page.keyboard.press("Enter")
    assert '<small role="doc-footnote">Men. And women.</small>' in body_of(page)
    page.get_by_role("button", name="Footnote: Men. And women.").click()
    page.get_by_role("button", name="Remove footnote").click()
    assert body_of(page) == "<p>Ninety</p>"


def test_a_mark_over_words_with_a_note_leaves_the_note_alone(page):
    begin(page)
    page.keyboard.type("Ninety")
    add_note(page, "Men.")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+b")
    expected = '<p><strong>Ninety</strong><small role="doc-footnote">Men.</small></p>'
    assert body_of(page) == expected


def test_a_post_is_found_by_title_and_linked_with_the_keyboard_alone(page):
    make_post(title="Pilots in three prisons", slug="pilots")
    make_post(title="Nothing of the kind")
    begin(page)
    page.keyboard.type("As said")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+k")
    page.keyboard.type("prisons pil")
    expect(page.get_by_role("dialog").get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Post or address")).to_have_value("/pilots/")
    page.keyboard.press("Enter")
    assert body_of(page) == '<p><a href="/pilots/">As said</a></p>'


def test_a_link_without_chosen_words_is_named_after_its_post(page):
    make_post(title="Pilots in three prisons", slug="pilots")
    begin(page)
    page.get_by_role("button", name="Link", exact=True).click()
    page.keyboard.type("pilots")
    page.get_by_role("dialog").get_by_role("option").click()
    page.get_by_role("button", name="Insert link").click()
    assert body_of(page) == '<p><a href="/pilots/">Pilots in three prisons</a></p>'


def test_an_address_that_is_none_is_refused_in_words(page):
    begin(page)
    page.get_by_role("button", name="Link", exact=True).click()
    page.get_by_label("Post or address").fill("nothing found")
    page.get_by_role("button", name="Insert link").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a post from the list")
    page.get_by_label("Post or address").fill("www.nao.org.uk/report")
    page.get_by_role("button", name="Insert link").click()
    assert 'href="https://www.nao.org.uk/report"' in body_of(page)


def test_a_table_grows_and_shrinks(page):
    begin(page)
    page.get_by_role("button", name="Table", exact=True).click()
    page.get_by_label("Rows").fill("2")
    page.get_by_label("Columns").fill("2")
    page.get_by_role("button", name="Insert table").click()
    cells = page.locator(".ProseMirror td, .ProseMirror th")
    expect(page.locator(".ProseMirror th")).to_have_count(2)
    for name, count in [("Add a row below", 6), ("Add a column", 9), ("Remove the row", 6)]:
        page.get_by_role("button", name=name).click()
        expect(cells).to_have_count(count)


def test_everything_comes_back_from_the_editor_as_it_was_saved(page):
    log_in(page)
    post = make_post(author=make_author(user=User.objects.get()), body=EVERYTHING)
    saved = Post.objects.get().body
    assert saved == EVERYTHING
    page.route("**/media/**", lambda route: route.fulfill(body=b"", content_type="image/png"))
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    text = page.locator(".prose-editor .ProseMirror[contenteditable=true]")
    text.locator("p").last.click()
    page.keyboard.press("End")
    page.keyboard.type("x")
    page.keyboard.press("Backspace")
    assert 'data-file="7"' in body_of(page)  # The editor has written it all anew.
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert Post.objects.get().body == saved


def test_every_tool_has_a_name_and_is_reached_by_the_arrow_keys(page):
    begin(page)
    page.keyboard.press("Alt+F10")
    names = []
    for _ in range(page.locator(".prose-menubar :is(button:not(.hidden), select)").count()):
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("ArrowRight")
    assert names[:4] == ["Kind of paragraph", "Bold", "Italic", "Code"]
    assert {"Link", "Quotation", "Picture", "Footnote", "Table"} <= set(names)
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Body")).to_be_focused()


def test_the_editor_and_its_dialogs_pass_axe(page):
    begin(page)
    for name in ["Picture", "Link", "Footnote", "Table"]:
        page.get_by_role("button", name=name, exact=True).click()
        assert Axe().run(page, context="dialog").violations_count == 0
        page.keyboard.press("Escape")
    assert Axe().run(page, context=".prose-editor").violations_count == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_the_tools_stay_in_sight_however_long_the_post_is(page, width):
    log_in(page)
    author = make_author(user=User.objects.get())
    post = make_post(author=author, body="<p>Line.</p>" * 120)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    page.locator(".prose-editor .ProseMirror p").nth(60).scroll_into_view_if_needed()
    expect(page.get_by_role("button", name="Bold")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
