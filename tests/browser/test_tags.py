"""Tags as an editor brings them in order: merged, brought back, suggested while writing."""

import pytest
from playwright.sync_api import Page, expect

from posts.models import Post, TagAlias
from tests.browser.test_editor_to_reader import choose, log_in
from tests.factories import make_post, make_tag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def preview_of_merging(page: Page, *names: str, into: str) -> None:
    """Tick the tags in the list, choose the action and the tag that stays."""
    page.goto("/admin/posts/tag/")
    for name in names:
        page.locator("tr", has=page.get_by_role("link", name=name, exact=True)).locator(
            "input.action-select"
        ).check()
    page.select_option("[name=action]", "merge_selected")
    page.locator("[name=index]").first.click()
    choose(page, "Merge into", into)
    page.get_by_role("button", name="Show what would change").click()


def test_two_tags_are_merged_and_brought_back(page):
    moj, ministry, target = make_tag(name="MoJ"), make_tag(name="Justice Ministry"), make_tag(
        name="Ministry of Justice"
    )  # fmt: skip
    both = make_post(tags=(moj, ministry))
    make_post(tags=(moj, target))
    log_in(page)
    preview_of_merging(page, "MoJ", "Justice Ministry", into="Ministry of Justice")
    filed = page.locator("tr", has_text="Posts filed under it").locator("td")
    expect(filed).to_have_text(["1", "2"])
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("Merged")
    assert list(both.tags.all()) == [target]
    page.goto(f"/tag/{moj.slug}/")
    assert page.url.endswith(f"/tag/{target.slug}/")

    page.goto("/admin/posts/tagchange/")
    page.locator("#result_list tbody th a").click()
    page.get_by_role("link", name="Undo…").click()
    page.get_by_role("button", name="Undo this").click()
    expect(page.locator(".messagelist")).to_contain_text("Undone.")
    assert set(both.tags.all()) == {moj, ministry}
    page.goto(f"/tag/{moj.slug}/")
    expect(page.get_by_role("heading", name="MoJ posts")).to_be_visible()


def test_a_suggestion_follows_the_typing_and_is_saved_by_one_press(page):
    tag = make_tag(name="Ministry of Justice")
    TagAlias.objects.create(tag=tag, name="MoJ")
    post = make_post(body="<p>Start.</p>")
    log_in(page)
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    page.locator(".ProseMirror[contenteditable=true]").click()
    page.keyboard.type("The MoJ and the MoJ again. ")
    panel = page.locator("#tag-suggestions")
    expect(panel.locator("li")).to_have_text("+ Ministry of Justice named as MoJ, 2 times")
    panel.get_by_role("button", name="Ministry of Justice").press("Enter")
    expect(page.locator(".field-tags .select2-selection__choice")).to_contain_text("Ministry")
    expect(panel.get_by_role("button", name="Suggest again")).to_be_focused()
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert list(post.tags.all()) == [tag]


def test_a_search_result_is_tagged_from_the_list(page):
    tag = make_tag(name="Courts")
    for _ in range(2):
        make_post(body="<p>Magistrates sit.</p>").reindex()
    make_post().reindex()
    log_in(page)
    page.goto("/admin/posts/post/?q=magistrates")
    page.locator("#action-toggle").check()
    page.select_option("[name=action]", "add_tags")
    page.locator("[name=index]").first.click()
    choose(page, "Tags", "Courts")
    page.get_by_role("button", name="Show how many posts change").click()
    expect(page.locator(".ask__outcome")).to_contain_text("2 of 2 posts will change.")
    page.get_by_role("button", name="Add the tag").click()
    expect(page.locator(".messagelist")).to_contain_text("“Courts” added to 2 posts.")
    assert Post.objects.tagged(tag).count() == 2
