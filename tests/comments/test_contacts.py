"""The addresses: a table of their own, to which nothing leads."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from comments.contacts import CommentContact, NetworkKey, network_mark
from comments.models import Comment
from tests.comments.factories import CANARY, make_comment

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_no_column_or_relation_of_a_comment_leads_to_an_address():
    fields = Comment._meta.get_fields(include_hidden=False)
    assert not [field.name for field in fields if "mail" in field.name or "contact" in field.name]


def test_printed_contact_does_not_show_the_address():
    make_comment(email=CANARY)
    contact = CommentContact.objects.get()
    assert "canary" not in f"{contact} {contact!r}"


def test_postgres_keeps_addresses_in_lower_case():
    comment = make_comment()
    with pytest.raises(IntegrityError, match="lower_case"), transaction.atomic():
        CommentContact.objects.create(comment=comment, email="Ben@Example.org")


def test_network_is_marked_alike_within_a_month_only():
    march = network_mark("192.0.2.0/24", now=NOW)
    assert march == network_mark("192.0.2.0/24", now=NOW + timedelta(days=5))
    assert march != network_mark("192.0.2.0/24", now=NOW + timedelta(days=30))
    assert "192.0.2" not in march
    assert NetworkKey.objects.count() == 2


def test_unknown_network_has_no_mark():
    assert network_mark("", now=NOW) == ""
