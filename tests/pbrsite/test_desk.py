"""The editorial desk: each panel for who may act on it; and the mail that went to files."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from comments.models import Comment
from pbrsite.mail import FileBackend
from tests.factories import make_author, make_member, make_post, make_staff

pytestmark = pytest.mark.django_db


def desk(client):
    return client.get(reverse("admin:index")).context["desk"]


def test_an_editor_sees_what_waits_what_is_planned_and_the_next_noon(client):
    client.force_login(make_staff())
    post = make_post()
    make_post(title="Half written", status="draft")
    make_post(title="To be read", status="review")
    make_post(title="Soon", published_at=timezone.now() + timedelta(days=2))
    Comment.objects.create(post=post, name="N", body="Words")
    shown = desk(client)
    assert shown["waiting_comments"]["count"] == 1
    assert [row["title"] for row in shown["drafts"]] == ["Half written"]
    assert [row["title"] for row in shown["in_review"]] == ["To be read"]
    assert [row["title"] for row in shown["scheduled"]] == ["Soon"]
    assert shown["noon"]["audience"] == 0


def test_a_moderator_sees_comments_only(client):
    client.force_login(make_member("Moderator"))
    assert set(desk(client)) == {"waiting_comments"}
    page = client.get(reverse("admin:index")).content.decode()
    assert "Being written" not in page
    assert "Noon e-mail" not in page


def test_an_author_sees_their_own_drafts_only(client):
    person = make_member("Author")
    other = make_author()
    make_post(title="Mine", status="draft", author=make_author(user=person))
    make_post(title="Secret", status="draft", author=other)
    make_post(title="Secret too", author=other, published_at=timezone.now() + timedelta(days=2))
    client.force_login(person)
    page = client.get(reverse("admin:index")).content.decode()
    assert "Mine" in page
    assert "Secret" not in page


def test_scheduled_times_bear_the_name_of_the_clock(client):
    client.force_login(make_staff())
    make_post(published_at=datetime(2126, 7, 4, 9, 30, tzinfo=UTC))
    assert "Thu 4 Jul, 10:30 BST" in client.get(reverse("admin:index")).content.decode()


def test_the_desk_costs_the_same_at_10_and_100_posts(client, django_assert_max_num_queries):
    client.force_login(make_staff())
    counts = []
    for number in (10, 90):
        for _ in range(number):
            make_post(status="draft")
        with django_assert_max_num_queries(21) as captured:
            desk(client)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.fixture
def kept_mail(settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "pbrsite.mail.FileBackend", tmp_path
    text = "Confirm: http://testserver.test/subscribe/confirm/abc/ <script>"
    message = mail.EmailMessage("A subject", text, to=["reader@example.org"])
    FileBackend().send_messages([message])
    return next(tmp_path.glob("*.eml")).name


def test_staff_read_mail_that_went_to_files_and_its_links_are_alive(client, kept_mail):
    client.force_login(make_staff())
    listing = client.get(reverse("admin:mail")).content.decode()
    assert "A subject" in listing
    page = client.get(reverse("admin:mail_message", args=[kept_mail])).content.decode()
    assert 'href="http://testserver.test/subscribe/confirm/abc/"' in page
    assert "<script> " not in page


def test_mail_is_only_for_who_may_see_subscribers(client, kept_mail):
    client.force_login(User.objects.create_user("writer", is_staff=True))
    assert client.get(reverse("admin:mail")).status_code == 403
    assert client.get(reverse("admin:mail_message", args=[kept_mail])).status_code == 403


@pytest.mark.parametrize("name", ["..%2Fsecret_key", "none.eml", "a.txt"])
def test_no_other_file_is_shown(client, kept_mail, name):
    client.force_login(make_staff())
    assert client.get(f"/admin/mail/{name}").status_code == 404


def test_with_a_mail_server_there_is_no_such_page(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    client.force_login(make_staff())
    assert client.get(reverse("admin:mail")).status_code == 404
