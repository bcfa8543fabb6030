"""Previews: who sees what is not public, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from posts import previews

NOW = datetime(2026, 7, 9, 8, 40, tzinfo=UTC)


def test_a_pass_names_its_post_for_at_least_an_hour():
    value = previews.media_pass(7, NOW)
    assert previews.verify_pass(value, NOW + timedelta(hours=1)) == 7
    assert previews.verify_pass(value, NOW + previews.PASS_LASTS) is None


def test_a_pass_is_the_same_while_one_types():
    assert previews.media_pass(7, NOW) == previews.media_pass(7, NOW + timedelta(minutes=10))


@pytest.mark.parametrize("forged", ["", "7", "7-99999999999", "7-99999999999.x", "\x00", "é.é"])
def test_a_forged_pass_opens_nothing(forged):
    assert previews.verify_pass(forged, NOW) is None
