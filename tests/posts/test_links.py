"""The editor's search for a post to link to."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from posts.models import Post
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    user = make_staff()
    client.force_login(user)
    return user


def ask(client, query):
    return client.get(reverse("admin:posts_post_links"), {"q": query})


def titles(client, query):
    return [post["title"] for post in ask(client, query).json()["posts"]]


def test_posts_are_found_by_any_words_of_their_titles(client, editor):
    make_post(title="Pilots in three prisons")
    make_post(title="Prisons and nothing else")
    assert titles(client, "PRISON pilot") == ["Pilots in three prisons"]
    assert len(titles(client, "prisons")) == 2


def test_a_row_says_where_it_leads_when_it_was_out_and_its_state(client, editor, settings):
    at = timezone.now() + timedelta(days=1)
    make_post(title="To come", slug="to-come", published_at=at)
    (row,) = ask(client, "come").json()["posts"]
    assert row["url"] == "/to-come/"
    assert row["state"] == "Scheduled"
    assert row["date"] == f"{at.astimezone(settings.ZONE):%-d %B %Y}"
    assert "not public yet" in row["note"]


def test_a_withdrawn_post_is_not_offered(client, editor):
    make_post(title="Gone", status=Post.Status.WITHDRAWN)
    assert titles(client, "Gone") == []


@pytest.mark.parametrize("query", ["", "   ", "\x00"])
def test_without_words_nothing_is_offered(client, editor, query):
    make_post()
    assert titles(client, query) == []


def test_no_more_than_ten_are_offered_in_one_query(client, editor, django_assert_num_queries):
    for _ in range(12):
        make_post(title="Same words")
    with django_assert_num_queries(3):  # The session, the person, the posts.
        assert len(titles(client, "same")) == 10


def test_who_may_not_view_posts_learns_no_titles(client):
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert ask(client, "post").status_code == 403


def test_who_may_only_view_posts_may_search_them(client):
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_post"))
    client.force_login(user)
    assert ask(client, "post").status_code == 200


def test_a_visitor_is_sent_to_the_log_in(client):
    assert ask(client, "post").status_code == 302
