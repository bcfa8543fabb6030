import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions import tokens
from subscriptions.tokens import InvalidToken, Leave, Manage
from tests.subscriptions.factories import HOUR, NOON, SECOND

KEY = "a key of the ring, thirty-two characters or more"
numbers = st.integers(min_value=0, max_value=2**63 - 1)


@given(subscriber=numbers, issue=numbers)
def test_leave_token_is_as_wide_as_promised_and_safe_in_an_address(subscriber: int, issue: int):
    token = tokens.leave(subscriber, issue)
    assert re.fullmatch(rf"[\w-]{{{tokens.WIDTH}}}", token)
    assert tokens.read_leave(token) == Leave(subscriber, issue)


@given(
    position=st.integers(min_value=0, max_value=tokens.WIDTH - 1), letter=st.sampled_from("Az0-_")
)
def test_token_with_one_character_changed_is_refused(position: int, letter: str):
    token = tokens.leave(7, 3)
    changed = token[:position] + letter + token[position + 1 :]
    if changed != token:
        with pytest.raises(InvalidToken):
            tokens.read_leave(changed)


@pytest.mark.parametrize("junk", ["", "x", "é" * 46, "A" * 46, "=" * 46, "A" * 5000, "../../etc"])
def test_junk_is_refused(junk: str):
    with pytest.raises(InvalidToken):
        tokens.read_leave(junk)


def test_token_of_one_purpose_opens_nothing_else():
    with pytest.raises(InvalidToken):
        tokens.read_manage(tokens.leave(7, 3), now=NOON)
    with pytest.raises(InvalidToken):
        tokens.read_leave(tokens.manage(7, 0, now=NOON))


def test_manage_token_is_good_for_an_hour():
    token = tokens.manage(7, 2, now=NOON)
    assert tokens.read_manage(token, now=NOON + HOUR) == Manage(7, 2)
    with pytest.raises(InvalidToken):
        tokens.read_manage(token, now=NOON + HOUR + SECOND)


def test_leave_token_survives_a_new_key(settings: Any):
    first = tokens.leave(7, 3)
    settings.MAIL_KEYS = {1: KEY}
    second = tokens.leave(7, 3)
    settings.MAIL_KEYS = {2: KEY[::-1], 1: KEY}
    assert tokens.read_leave(first) == tokens.read_leave(second) == Leave(7, 3)
    assert tokens.leave(7, 3) not in {first, second}


def test_key_taken_out_of_the_ring_opens_nothing(settings: Any):
    settings.MAIL_KEYS = {1: KEY}
    token = tokens.leave(7, 3)
    settings.MAIL_KEYS = {2: KEY[::-1]}
    with pytest.raises(InvalidToken):
        tokens.read_leave(token)


def test_bounce_token_fits_a_local_part():
    assert re.fullmatch(r"[a-z2-7]{1,55}", tokens.bounce(2**40, 2**40))


def test_message_id_differs_per_delivery_and_not_per_attempt():
    assert tokens.message_id(7, 3) == tokens.message_id(7, 3) != tokens.message_id(7, 4)
