"""The whole main job in a real browser: write, publish, read, comment, approve."""

import io
from pathlib import Path

import pytest
from cabinet.models import Folder
from django.contrib.auth.models import User
from PIL import Image as Pillow
from playwright.sync_api import Page, expect

from comments.models import Comment
from posts.models import Image, Post
from tests.factories import make_author, make_post, make_tag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def log_in(page: Page) -> None:
    User.objects.create_superuser("editor", "editor@example.org", "a long password")
    page.goto("/admin/")
    page.fill("#id_username", "editor")
    page.fill("#id_password", "a long password")
    page.click("[type=submit]")
    expect(page.get_by_role("heading", name="Editorial desk")).to_be_visible()


def a_picture(folder: Path) -> Path:
    path = folder / "chart.png"
    output = io.BytesIO()
    Pillow.new("RGB", (1600, 900), "#7a1f2b").save(output, "PNG")
    path.write_bytes(output.getvalue())
    return path


def upload(page: Page, picture: Path) -> None:
    folder, _ = Folder.objects.get_or_create(name="Images", parent=None)
    page.goto(f"/admin/posts/image/add/?folder={folder.pk}")
    page.set_input_files("#id_image_file", picture)
    page.select_option("#id_folder", str(folder.pk))
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()


def write(page: Page, image_pk: int) -> None:
    page.goto("/admin/posts/post/add/")
    page.fill("#id_title", "Counting what counts")
    page.locator(".ProseMirror[contenteditable=true]").click()
    page.keyboard.type("Probation is paid by results. ")
    page.keyboard.press("Control+b")
    page.keyboard.type("Not everything counts.")
    page.fill("#id_excerpt", "Not everything that is counted counts.")
    page.fill("#id_lead_image", str(image_pk))
    page.fill("#id_lead_image_alt", "A red rectangle")
    choose(page, "Tags", "Cohorts")
    choose(page, "Author", "Ann Writer")
    page.click("[name=_publish]")
    expect(page.locator(".messagelist")).to_contain_text("is published")


def choose(page: Page, label: str, name: str) -> None:
    """Pick from one of the admin's autocomplete boxes, as a person does."""
    row = page.locator(f".form-row:has(label:text-is('{label}:'))")
    row.locator(".select2-selection").click()
    page.locator(".select2-search__field").last.fill(name)
    page.locator(".select2-results__option", has_text=name).click()


def comment(page: Page) -> None:
    form = page.locator("#comment-form")
    form.get_by_label("Name").fill("Bridget Oakes")
    form.get_by_label("Your e-mail").fill("bridget@example.org")
    form.locator("textarea").fill("A question about the *cohort*.")
    form.get_by_role("button", name="Send comment").click()
    expect(page.locator("main")).to_contain_text("checked before")


def test_from_the_editors_desk_to_the_readers_comment(
    page, chromium, live_server, tmp_path, run_jobs
):
    tag = make_tag(name="Cohorts")
    make_author(name="Ann Writer", slug="ann-writer")
    older = make_post(title="An older post", tags=(tag,))
    log_in(page)
    upload(page, a_picture(tmp_path))
    write(page, Image.objects.get().pk)
    run_jobs()

    reader = chromium.new_context(base_url=live_server.url).new_page()
    reader.goto("/")
    reader.get_by_role("link", name="Counting what counts").click()
    expect(reader.locator("article strong")).to_have_text("Not everything counts.")
    expect(reader.get_by_alt_text("A red rectangle")).to_be_visible()
    expect(reader.locator("#related")).to_contain_text(older.title)
    comment(reader)
    reader.goto("/counting-what-counts/")
    expect(reader.locator("#comments")).not_to_contain_text("A question about")

    page.goto("/admin/")
    page.get_by_role("link", name="waiting for a decision").click()
    page.locator(".action-select").check()
    page.locator("select[name=action]").select_option(label=approve_label(page))
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_be_visible()
    reader.goto("/counting-what-counts/")
    expect(reader.locator("#comments em")).to_have_text("cohort")
    expect(reader.locator("#comments")).to_contain_text("Bridget Oakes")
    assert "bridget@example.org" not in reader.content()
    assert Post.objects.published().count() == 2
    assert Comment.objects.published().count() == 1
    reader.context.close()


def approve_label(page: Page) -> str:
    labels = page.locator("select[name=action] option").all_inner_texts()
    return next(label for label in labels if "pprove" in label)
