"""Tags added to and taken from many posts at once, from whatever the list found."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from posts import merging, reindexing, retagging
from posts.models import Post, RevisionNote, Tag
from tests.factories import make_owner, make_post, make_staff, make_tag

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LIST = "admin:posts_post_changelist"


@pytest.fixture
def editor(client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def test_posts_get_the_tags_they_lack():
    tag, other = make_tag(), make_tag()
    has_it, lacks_it = make_post(tags=(tag,)), make_post(tags=(other,))
    assert Post.objects.all().add_tags([tag]) == 1
    assert list(has_it.tags.all()) == [tag]
    assert set(lacks_it.tags.all()) == {tag, other}
    assert Post.objects.all().add_tags([tag]) == 0


def test_search_finds_a_post_by_a_tag_just_added(client):
    make_post(title="Nothing")
    Post.objects.all().add_tags([make_tag(name="Magistrates")])
    assert client.get("/search/", {"q": "magistrates"}).context["total"] == 1


def test_the_first_theme_becomes_the_label_of_a_post_without_one():
    post = make_post()
    place, theme = make_tag(kind=Tag.Kind.PLACE), make_tag()
    Post.objects.all().add_tags([place, theme])
    post.refresh_from_db()
    assert post.topic == theme


def test_a_label_that_is_taken_away_gives_way_to_the_next_theme():
    gone, stays = make_tag(), make_tag()
    post = make_post(tags=(gone, stays), topic=gone)
    assert Post.objects.all().remove_tags([gone]) == 1
    post.refresh_from_db()
    assert post.topic == stays
    assert list(post.tags.all()) == [stays]


def test_many_posts_are_indexed_and_related_in_batches(run_jobs, monkeypatch, client):
    monkeypatch.setattr(reindexing, "AT_ONCE", 2)
    for _ in range(8):
        make_post()
    Post.objects.all().add_tags([make_tag(name="Magistrates")])
    assert client.get("/search/", {"q": "magistrates"}).context["total"] == 2
    assert run_jobs() == 2
    assert client.get("/search/", {"q": "magistrates"}).context["total"] == 8
    assert not Post.objects.filter(related_at=None).exists()


def test_the_queries_do_not_grow_with_the_posts(django_assert_max_num_queries):
    author = make_post().author
    for _ in range(60):
        make_post(author=author)
    tags = [make_tag(), make_tag()]
    with django_assert_max_num_queries(18):
        Post.objects.all().add_tags(tags)


def act(client, action: str, *, query: Any = "", **data: Any) -> Any:
    return client.post(reverse(LIST) + query, {"action": action, **data}, follow=True)


def test_a_bulk_change_is_shown_before_it_is_made(client, editor):
    tag = make_tag(name="Courts")
    posts = [make_post(tags=(tag,)), make_post()]
    chosen = {"_selected_action": [post.pk for post in posts]}
    assert "2 posts chosen" in act(client, "add_tags", **chosen).content.decode()
    page = act(client, "add_tags", **chosen, tags=[tag.pk], shown="")
    assert "1 of 2 posts will change." in page.content.decode()
    assert not posts[1].tags.exists()
    done = act(client, "add_tags", **chosen, tags=[tag.pk], shown=page.context["preview"]["shown"])
    assert "“Courts” added to 1 post." in done.content.decode()
    assert list(posts[1].tags.all()) == [tag]


def test_the_history_names_who_tagged_in_bulk(client, editor):
    tag, post = make_tag(), make_post()
    chosen = {"_selected_action": [post.pk], "tags": [tag.pk]}
    page = act(client, "add_tags", **chosen, shown="")
    assert not RevisionNote.objects.exists()  # Asking is no change.
    act(client, "add_tags", **chosen, shown=page.context["preview"]["shown"])
    assert RevisionNote.objects.latest("pk").revision.user == editor


def test_beyond_the_first_batch_posts_are_tagged_in_jobs(client, editor, run_jobs, monkeypatch):
    monkeypatch.setattr(retagging, "BATCH", 2)
    tag, posts = make_tag(), [make_post() for _ in range(5)]
    chosen = {"_selected_action": [post.pk for post in posts], "tags": [tag.pk]}
    page = act(client, "add_tags", **chosen, shown="")
    done = act(client, "add_tags", **chosen, shown=page.context["preview"]["shown"])
    assert "added to 2 of 5 posts. The rest follows" in done.content.decode()
    heir = make_tag()
    merging.merge(heir, [tag], by=None, at=timezone.now())  # Before the jobs came to run.
    run_jobs()
    assert Post.objects.tagged(heir).count() == 5


def test_tags_changed_after_the_preview_are_shown_anew(client, editor):
    one, two, post = make_tag(), make_tag(), make_post()
    chosen = {"_selected_action": [post.pk]}
    page = act(client, "add_tags", **chosen, tags=[one.pk], shown="")
    act(client, "add_tags", **chosen, tags=[two.pk], shown=page.context["preview"]["shown"])
    assert not post.tags.exists()


def test_a_whole_search_result_is_tagged_beyond_the_page(client, editor):
    tag = make_tag()
    found = [make_post(body="<p>Magistrates sit.</p>") for _ in range(60)]
    other = make_post()
    for post in Post.objects.all():
        post.reindex()
    data = {"_selected_action": [found[0].pk], "select_across": 1, "tags": [tag.pk], "shown": ""}
    page = act(client, "add_tags", query="?q=magistrates", **data)
    data["shown"] = page.context["preview"]["shown"]
    act(client, "add_tags", query="?q=magistrates", **data)
    assert Post.objects.tagged(tag).count() == 60
    assert not other.tags.exists()


def test_the_preview_warns_of_posts_left_without_any_tag(client, editor):
    tag = make_tag()
    post = make_post(tags=(tag,))
    page = act(client, "remove_tags", _selected_action=[post.pk], tags=[tag.pk], shown="")
    assert "1 will be left without any tag." in page.content.decode()


def test_a_writer_tags_no_post_that_is_out(client):
    tag, public, draft = make_tag(), make_post(), make_post(status="draft")
    client.force_login(make_owner(public, draft))
    chosen = {"_selected_action": [public.pk, draft.pk], "tags": [tag.pk]}
    page = act(client, "add_tags", **chosen, shown="")
    assert "besides 1 you may not change" in page.content.decode()
    act(client, "add_tags", **chosen, shown=page.context["preview"]["shown"])
    assert list(Post.objects.tagged(tag)) == [draft]


def test_who_may_only_look_is_not_offered_bulk_tagging(client):
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_post"))
    Post.objects.filter(pk=make_post().pk).update(created_by=looker)
    client.force_login(looker)
    assert "add_tags" not in client.get(reverse(LIST)).content.decode()


def test_the_list_finds_words_of_the_body_and_of_drafts(client, editor):
    post = make_post(title="Plain", body="<p>Magistrates sit.</p>", status="draft")
    make_post().reindex()
    post.reindex()
    page = client.get(reverse(LIST), {"q": "magistrate"})
    assert list(page.context["cl"].result_list) == [post]


def test_a_search_of_the_list_costs_the_same_queries(client, editor, django_assert_max_num_queries):
    counts = []
    for number in (10, 90):
        for _ in range(number):
            make_post(body="<p>Magistrates sit.</p>").reindex()
        with django_assert_max_num_queries(12) as captured:
            client.get(reverse(LIST), {"q": "magistrates"})
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_picker_looks_at_titles_only(client, editor):
    make_post(title="Plain", body="<p>Magistrates sit.</p>").reindex()
    titled = make_post(title="Magistrates")
    query = {"app_label": "posts", "model_name": "featuredpost", "field_name": "post",
             "term": "magistrates"}  # fmt: skip
    found = client.get("/admin/autocomplete/", query).json()["results"]
    assert [row["id"] for row in found] == [str(titled.pk)]
