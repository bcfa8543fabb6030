from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions import tokens
from subscriptions.models import Subscriber
from tests.factories import make_tag
from tests.subscriptions.factories import DAY, HOUR, NOON, make_subscriber, open_issue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def manage(client: Client, reader: Subscriber, **values: Any) -> Any:
    url = f"/subscription/{tokens.manage(reader.pk, reader.epoch, now=NOON)}/"
    answer = client.post(url, values) if values else client.get(url)
    reader.refresh_from_db()
    return answer


def test_preferences_are_saved(client: Client):
    reader, tag = make_subscriber(), make_tag()
    answer = manage(client, reader, frequency="weekly", topics=[tag.pk], pause_until="2026-03-20")
    assert (answer.status_code, answer["Location"][-6:]) == (303, "?saved")
    assert (reader.frequency, reader.state) == ("weekly", "paused")
    assert reader.paused_until.date().isoformat() == "2026-03-20"  # type: ignore[union-attr]
    assert list(reader.topics.all()) == [tag]
    assert "Saved." in client.get(answer["Location"]).content.decode()


def test_emptying_the_pause_resumes(client: Client):
    reader = make_subscriber(state="paused", paused_until=NOON + 5 * DAY)
    assert 'value="2026-03-09"' in manage(client, reader).content.decode()
    manage(client, reader, frequency="daily", pause_until="")
    assert reader.is_active()


@pytest.mark.parametrize(
    "values",
    [
        {"frequency": "hourly"},
        {"frequency": "daily", "pause_until": "2026-03-04"},
        {"frequency": "daily", "pause_until": "2036-03-04"},
        {"frequency": "daily", "topics": ["999999"]},
    ],
    ids=str,
)
def test_impossible_preferences_get_the_form_back(client: Client, values: dict[str, Any]):
    reader = make_subscriber()
    answer = manage(client, reader, **values)
    assert (answer.status_code, reader.is_active()) == (422, True)
    assert 'class="error-summary"' in answer.content.decode()


def test_unsubscribing_on_the_preference_page(client: Client):
    reader = make_subscriber()
    assert "You are unsubscribed" in manage(client, reader, choice="leave").content.decode()
    assert reader.state == "unsubscribed"
    assert "We send nothing to this address" in manage(client, reader).content.decode()


def test_closing_the_link_leaves_the_subscription(client: Client):
    reader = make_subscriber()
    token = tokens.manage(reader.pk, reader.epoch, now=NOON)
    assert "The link is closed" in manage(client, reader, choice="close").content.decode()
    assert client.get(f"/subscription/{token}/").status_code == 410
    assert reader.is_active()


def test_erasing_asks_to_be_sure_and_then_forgets(client: Client):
    reader = make_subscriber()
    assert manage(client, reader, choice="erase").status_code == 422
    assert reader.is_active()
    answer = manage(client, reader, choice="erase", sure="yes")
    assert "Everything is deleted" in answer.content.decode()
    assert (reader.state, reader.email) == ("erased", "")
    assert manage(client, reader).status_code == 410


def test_export_is_a_file_with_what_is_kept(client: Client):
    open_issue()
    reader = Subscriber.objects.get()
    answer = manage(client, reader, choice="export")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.json()["email"] == reader.email
    assert answer.json()["mail"][0]["issue__kind"] == "daily"


def test_preference_link_ends_after_an_hour_or_when_revoked(client: Client, at_noon: Any):
    reader = make_subscriber()
    url = f"/subscription/{tokens.manage(reader.pk, reader.epoch, now=NOON)}/"
    fresh = f"/subscription/{tokens.manage(reader.pk, reader.epoch, now=NOON + HOUR)}/"
    at_noon.shift(HOUR + timedelta(seconds=1))
    assert client.get(url).status_code == 410
    assert client.get(fresh).status_code == 200
    reader.revoke_links()
    assert (
        client.get(fresh).status_code == client.post(fresh, {"choice": "leave"}).status_code == 410
    )
