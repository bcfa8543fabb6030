import re
from typing import Any

import pytest
from django.template import engines
from django.test import Client

from subscriptions.models import MailRequest
from tests.factories import make_tag

pytestmark = pytest.mark.django_db


def rendered(arguments: str = "", **context: Any) -> str:
    source = "{% load subscribe %}{% subscribe_form " + arguments + " %}"
    return engines["django"].from_string(source).render(context)


def test_sign_up_costs_no_query(django_assert_num_queries: Any):
    tag = make_tag()
    with django_assert_num_queries(0):
        rendered()
        rendered("tag=tag", tag=tag)


def test_sign_up_is_labelled_and_promises_noon():
    html = rendered()
    assert '<form id="subscribe-form" method="post" action="/subscribe/">' in html
    assert '<label class="form-label" for="subscribe-email">' in html
    assert 'aria-describedby="subscribe-promise"' in html
    assert "every day at noon" in html
    assert "csrfmiddlewaretoken" not in html


def test_sign_up_of_a_topic_asks_for_that_topic(client: Client):
    tag = make_tag(name="Drugs & alcohol", slug="drugs-and-alcohol")
    html = rendered("tag=tag", tag=tag)
    assert "Drugs &amp; alcohol" in html
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', html))
    client.post("/subscribe/", fields | {"email": "reader@example.org"})
    assert MailRequest.objects.get().tags == ["drugs-and-alcohol"]
    assert not MailRequest.objects.get().is_trapped
