"""Images as a browser takes them: the right file, nothing that moves, uploads told in words."""

import pytest
from cabinet.models import Folder
from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect

from posts import renditions
from posts.models import Image
from tests.browser.test_editor_to_reader import log_in
from tests.factories import make_post
from tests.posts.test_images import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""


def folder() -> Folder:
    return Folder.objects.get_or_create(name="Images", parent=None)[0]


def make_image(name: str, color: str, *, size=(2000, 1200)) -> Image:
    image = Image(folder=folder())
    image.file = ContentFile(picture(size=size, color=color), name=name)
    image.save()
    renditions.make(image.pk)
    return image


def chosen(page: Page, alt: str) -> str:
    picture = page.get_by_alt_text(alt)
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    found: str = picture.evaluate("image => image.currentSrc")
    return found.rpartition("-")[2]


@pytest.mark.parametrize(("width", "file"), [(390, "400.avif"), (1280, "800.avif")])
def test_the_browser_takes_avif_in_its_width_and_nothing_moves(page, width, file):
    lead, inside = make_image("lead.png", "red"), make_image("inside.png", "blue")
    body = "<p>Words about it.</p>" * 9 + f'<img src="{inside.image_file.url}" alt="Blue">'
    make_post(slug="a-post", lead_image=lead, lead_image_alt="Red", body=body + "<p>End.</p>")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/a-post/")
    page.evaluate(SHIFTS)
    assert chosen(page, "Red") == file
    assert chosen(page, "Blue") == file
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifted") == 0


def test_what_is_dropped_on_the_library_is_taken_or_refused_in_words(page, tmp_path):
    make_image("there.png", "red", size=(60, 40))
    log_in(page)
    files = {"bad.jpg": b"<svg/>", "good.png": picture(color="green"),
             "again.png": picture(color="red", size=(60, 40))}  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    page.goto("/admin/posts/image/")
    page.set_input_files(".library-upload input", [tmp_path / name for name in files])
    report = page.locator(".library-upload__report")
    expect(report).to_contain_text("“bad.jpg” was not taken. This is not an image")
    expect(report).to_contain_text("“good.png” is in the library.")
    expect(report).to_contain_text("“again.png” is in the library already: “there.png”")
    page.get_by_role("link", name="Use that one, or keep both").click()
    page.get_by_role("button", name="Use the one that is here").click()
    expect(page.locator(".messagelist")).to_contain_text("The new copy is removed")
    assert Image.objects.count() == 2


def test_the_focal_point_is_set_with_the_keyboard(page):
    image = make_image("lead.png", "red")
    log_in(page)
    page.goto(f"/admin/posts/image/{image.pk}/change/")
    across = page.get_by_label("Across")
    across.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    image.refresh_from_db()
    assert image.image_ppoi == "0.4x0.5"


def test_the_desk_shows_the_images_of_a_draft_and_a_reader_does_not(page, chromium, live_server):
    image = make_image("lead.png", "red")
    post = make_post(status="draft", body=f'<p>A</p><img src="{image.image_file.url}" alt="Red">')
    log_in(page)
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    expect(page.locator(".ProseMirror img")).to_have_js_property("naturalWidth", 2000)
    reader = chromium.new_context(base_url=live_server.url)
    assert reader.request.get(image.image_file.url).status == 404
    reader.close()
