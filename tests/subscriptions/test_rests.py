"""A relay that asks for patience gets it from every connection of every process."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from subscriptions import ledger, rests, sending
from subscriptions.models import RelayRest
from tests.subscriptions.factories import DAY, NOON, SECOND, open_issue
from tests.subscriptions.relay import Sink
from tests.subscriptions.test_sending import LATER, MINUTE, send, states

pytestmark = pytest.mark.django_db


def test_each_rest_in_a_row_is_twice_as_long_up_to_a_quarter_of_an_hour():
    now, lengths = NOON, []
    for _ in range(7):
        rests.begin(now, reply="421")
        rests.begin(now + SECOND, reply="421")  # Another connection met the same.
        until = RelayRest.objects.get().until
        lengths.append((until - now) / MINUTE)
        now = until
    assert lengths == [0.5, 1, 2, 4, 8, 15, 15]


def test_half_as_many_connections_come_back_and_a_good_round_takes_one_step_back():
    rests.begin(NOON, reply="421")
    rests.begin(NOON + MINUTE, reply="421")
    assert [rests.current().connections(wanted) for wanted in (8, 3, 1)] == [2, 1, 1]
    rests.ease(NOON + DAY)
    assert rests.current().connections(8) == 4


def test_rest_of_a_clock_that_was_ahead_binds_nobody():
    rests.begin(NOON + DAY, reply="421")
    assert rests.current().is_over(NOON)
    rests.begin(NOON, reply="454")
    assert RelayRest.objects.get().until <= NOON + timedelta(minutes=15)


@pytest.mark.slow
def test_nobody_speaks_to_a_relay_that_rests(relay: Sink):
    open_issue(people=10)
    relay.on_mail = lambda sender: "421 4.7.0 too many"
    send()
    asked = states()["retry"]
    relay.on_mail = lambda sender: ""
    assert send(LATER + 10 * SECOND).trouble == "relay unavailable (421)"
    assert states()["retry"] == asked == 2
    send(LATER + 2 * MINUTE)
    assert states() == {"sent": 10}
    assert RelayRest.objects.get().strikes == 0


@pytest.mark.slow
def test_connection_of_another_process_notices_the_rest(
    relay: Sink, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sending, "BATCH", 2)
    open_issue(people=5)
    report = send(on_outcome=lambda state: rests.begin(LATER, reply="421"))
    assert report.outcomes == {"sent": 2}  # What it had claimed.
    assert report.trouble == "relay unavailable (421)"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_four_connections_send_each_message_once(relay: Sink):
    open_issue(people=250)
    report = sending.send(clock=lambda: LATER, connections=4)
    assert report.outcomes == {"sent": 250}
    assert len(relay.accepted) == len(set(relay.recipients)) == 250


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_connection_in_trouble_stops_them_all(relay: Sink):
    open_issue(people=250)
    relay.on_mail = lambda sender: "421 4.7.0 too many" if len(relay.accepted) > 20 else ""
    report = sending.send(clock=lambda: LATER, connections=4)
    assert report.trouble == "relay unavailable (421)"
    assert states()["retry"] <= 4 * 2
    assert states()["claimed"] == states()["sending"] == 0


def test_no_more_connections_than_the_site_allows():
    with ledger.presence(most=1) as first, ledger.presence(most=1) as second:
        assert first
        assert second is None


@pytest.mark.parametrize("number", ["0", "17", "-1", "many", "1.5"])
def test_command_refuses_a_number_of_connections_in_words(number: str):
    with pytest.raises(CommandError, match="not a whole number from 1 to 16"):
        call_command("send_digest", f"--connections={number}")
