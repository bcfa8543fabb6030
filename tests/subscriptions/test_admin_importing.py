from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from subscriptions import tokens
from subscriptions.admin import importing
from subscriptions.models import Subscriber
from tests.factories import make_staff
from tests.subscriptions.factories import NOON, make_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BACKEND = "django.contrib.auth.backends.ModelBackend"
CSV = b"email,frequency\na@example.org,weekly\n<b>nonsense,\n"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff(), backend=BACKEND)
    return client


def send(client: Client, content: bytes = CSV, *, button: str = "import") -> Any:
    """Send the form with all it asks for, pressing that button."""
    values = {"file": SimpleUploadedFile("people.csv", content), "consent": "On paper", button: "1"}
    return client.post(reverse("admin:subscriptions_subscriber_import"), values)


def test_form_shows_first_and_imports_then(staff: Client):
    page = send(staff, button="rehearse").content.decode()
    assert "Nothing was written" in page
    assert "created 1" in page
    assert not Subscriber.objects.exists()
    page = send(staff).content.decode()
    assert "&lt;b&gt;nonsense" in page
    assert Subscriber.objects.get().events.get().source == "On paper"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "This file is empty"), (b"name\nx\n", "none of the columns"), (b"\xff", "UTF-8")],
)
def test_file_that_cannot_be_taken_gets_the_form_back(staff: Client, content: bytes, words: str):
    answer = send(staff, content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert 'value="On paper"' in answer.content.decode()


def test_large_file_is_for_the_command(staff: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importing, "LARGEST", 10)
    assert "import_subscribers" in send(staff).content.decode()


def test_import_needs_its_permission(client: Client):
    clerk = User.objects.create_user("clerk", is_staff=True)
    names = ["view_subscriber", "add_subscriber", "change_subscriber"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(clerk, backend=BACKEND)
    assert send(client).status_code == 403
    assert client.get(reverse("admin:subscriptions_subscriber_import")).status_code == 403
    assert not Subscriber.objects.exists()
    shown = client.get(reverse("admin:subscriptions_subscriber_changelist")).content.decode()
    assert "import/" not in shown


def test_list_leads_to_the_import(staff: Client):
    shown = staff.get(reverse("admin:subscriptions_subscriber_changelist")).content.decode()
    assert reverse("admin:subscriptions_subscriber_import") in shown


@pytest.mark.parametrize(
    ("typed", "found"), [("reader@пример.рф", 1), ("READER@xn--e1a", 1), ("nobody", 0)]
)
def test_address_is_found_however_it_is_written(staff: Client, typed: str, found: int):
    make_subscriber(email="reader@xn--e1afmkfd.xn--p1ai")
    answer = staff.get(reverse("admin:subscriptions_subscriber_changelist"), {"q": typed})
    assert answer.context["cl"].result_count == found


def test_search_with_a_nul_is_no_error(staff: Client):
    answer = staff.get(reverse("admin:subscriptions_subscriber_changelist"), {"q": "a\x00@b.org"})
    assert answer.status_code < 500


def test_staff_close_the_links_of_somebody(staff: Client, client: Client):
    reader = make_subscriber()
    token = tokens.manage(reader.pk, reader.epoch, now=NOON)
    values = {"action": "close_links", "_selected_action": [reader.pk]}
    staff.post(reverse("admin:subscriptions_subscriber_changelist"), values)
    reader.refresh_from_db()
    assert reader.epoch == tokens.read_manage(token, now=NOON).epoch + 1
