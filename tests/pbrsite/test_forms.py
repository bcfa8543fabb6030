"""The bot traps and the same-origin rule."""

import pytest
import time_machine
from django.http import HttpResponse

from pbrsite.forms import TrapForm, is_same_origin, public_post


def sent(**data) -> TrapForm:
    form = TrapForm({"rendered": TrapForm(subject_of_form="a").render_token} | data,
                    subject_of_form="a")  # fmt: skip
    assert form.is_valid()
    return form


def test_a_form_sent_at_once_is_hasty_and_later_is_not():
    with time_machine.travel("2026-03-02 12:00:00+00:00", tick=False) as clock:
        form = sent()
        assert form.is_hasty
        clock.shift(4)
        assert not form.is_hasty
        assert not form.is_stale


def test_a_day_old_form_is_stale():
    with time_machine.travel("2026-03-02 12:00:00+00:00", tick=False) as clock:
        form = sent()
        clock.shift(86_401)
        assert form.is_stale


@pytest.mark.parametrize("token", ["", "nonsense", "MTc:abc:def"])
def test_a_missing_or_forged_token_is_stale(token):
    assert sent(rendered=token).is_stale


def test_a_token_of_another_page_is_worth_nothing():
    other = TrapForm(subject_of_form="b").render_token
    assert sent(rendered=other).is_stale


def test_a_filled_honeypot_is_a_trap():
    assert sent(url="https://example.org").is_trapped
    assert not sent().is_trapped


@pytest.mark.parametrize(
    ("headers", "is_same"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "http://testserver.test"}, True),
        ({"Origin": "https://evil.test"}, False),
        ({"Origin": "null"}, False),
        ({"Referer": "https://evil.test/page"}, False),
        ({"Referer": "http://testserver.test/a-post/"}, True),
        ({}, True),
    ],
)
def test_same_origin_is_what_the_browser_says(rf, headers, is_same):
    assert is_same_origin(rf.post("/", headers=headers)) is is_same


@pytest.mark.django_db
def test_a_public_post_needs_no_token_and_refuses_other_sites(rf):
    view = public_post(lambda request: HttpResponse("done"))
    assert view(rf.post("/")).content == b"done"
    assert view(rf.post("/", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert view(rf.get("/")).status_code == 405
    assert getattr(view, "csrf_exempt", False)
