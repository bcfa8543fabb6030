"""The prose editor with the media library, as a person uses them."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from posts.models import Image, Post
from tests.browser.test_editor_to_reader import a_picture, choose, log_in, upload
from tests.factories import make_author, make_tag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def choose_from_library(page: Page) -> None:
    """Press the figure button, browse the library, click the picture."""
    page.locator(".prose-menubar [data-name=figure]").click()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Browse...").click()
    library = opened.value
    library.get_by_role("link", name="Images").first.click()
    library.locator("[data-ckeditor-function]").first.click()


def test_a_picture_of_the_library_goes_into_the_body_with_its_words(page, tmp_path):
    log_in(page)
    make_author(user=User.objects.get())
    make_tag(name="Cohorts")
    upload(page, a_picture(tmp_path))
    page.goto("/admin/posts/post/add/")
    page.fill("#id_title", "With a figure")
    page.locator(".ProseMirror[contenteditable=true]").click()
    choose_from_library(page)
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("[name=imageUrl]")).to_have_value(Image.objects.get().image_file.url)
    dialog.locator("[name=altText]").fill("A red chart")
    dialog.locator("[name=caption]").fill("Reconvictions, 2014")
    dialog.get_by_role("button", name="Insert").click()
    page.fill("#id_excerpt", "What the chart shows.")
    choose(page, "Tags", "Cohorts")
    page.click("[name=_publish]")
    expect(page.locator(".messagelist")).to_contain_text("is published")
    page.goto("/with-a-figure/")
    expect(page.get_by_alt_text("A red chart")).to_be_visible()
    expect(page.locator("figcaption")).to_have_text("Reconvictions, 2014")
    assert Post.objects.get().body.count("<figure") == 1
