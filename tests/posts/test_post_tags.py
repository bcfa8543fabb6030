"""What cards and pages write of a moment, without Django's own, slower filters."""

from datetime import UTC, datetime

import pytest
from django.template import Context, Template

from posts.templatetags.post_tags import day, machine_time

MOMENTS = [
    datetime(2026, 3, 4, 12, tzinfo=UTC),
    datetime(2026, 7, 1, 23, 30, 5, 123, tzinfo=UTC),  # The next day already, in London.
    datetime(999, 12, 31, tzinfo=UTC),
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_reads_as_with_the_date_filter(moment):
    written = Template("{{ moment|date:'j F Y' }} {{ moment|date:'c' }}")
    assert written.render(Context({"moment": moment})) == f"{day(moment)} {machine_time(moment)}"


def test_no_moment_is_nothing():
    assert (day(None), machine_time(None)) == ("", "")
