"""The token bucket, and whose bucket it is."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from django.db import connection

from pbrsite import rates

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_a_bucket_gives_its_size_and_refills_with_time():
    taken = [rates.take("key", size=3, per=MINUTE, now=NOW) for _ in range(4)]
    assert taken == [True, True, True, False]
    assert not rates.take("key", size=3, per=MINUTE, now=NOW + MINUTE / 4)
    assert rates.take("key", size=3, per=MINUTE, now=NOW + MINUTE / 2)


@pytest.mark.django_db
def test_buckets_do_not_share():
    assert rates.take("a", size=1, per=MINUTE, now=NOW)
    assert rates.take("b", size=1, per=MINUTE, now=NOW)


@pytest.mark.django_db
def test_a_clock_set_back_gives_nothing_away():
    assert rates.take("key", size=1, per=MINUTE, now=NOW)
    assert not rates.take("key", size=1, per=MINUTE, now=NOW - MINUTE)
    assert rates.take("key", size=1, per=MINUTE, now=NOW + MINUTE)


@pytest.mark.django_db
def test_the_table_holds_no_address():
    rates.take("203.0.113.0/24", size=1, per=MINUTE, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM rate_bucket")
        assert "203" not in cursor.fetchone()[0][:3] or len(cursor.fetchall()) == 0


@pytest.mark.django_db
def test_old_buckets_are_forgotten():
    rates.take("old", size=1, per=MINUTE, now=NOW)
    rates.take("new", size=1, per=MINUTE, now=NOW + 2 * MINUTE)
    assert rates.forget(before=NOW + MINUTE) == 1


PROXY = [ip_network("10.0.0.0/8")]


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "network"),
    [
        ("203.0.113.9", "", [], "203.0.113.0/24"),
        ("203.0.113.9", "198.51.100.7", [], "203.0.113.0/24"),
        ("10.0.0.1", "198.51.100.7", PROXY, "198.51.100.0/24"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7", PROXY, "198.51.100.0/24"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.2", PROXY, "198.51.100.0/24"),
        ("2001:db8:1:2::3", "", [], "2001:db8:1::/48"),
        ("10.0.0.1", "nonsense", PROXY, ""),
        ("", "", [], ""),
    ],
    ids=["direct", "forged", "one proxy", "forged before a proxy", "two proxies", "IPv6",
         "nonsense", "unknown"],
)  # fmt: skip
def test_only_trusted_proxies_say_who_the_visitor_is(
    rf, settings, remote, forwarded, proxies, network
):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded})
    assert rates.network(request) == network


def test_failed_log_ins_are_counted_by_the_visitor_not_by_the_proxy(rf, settings):
    settings.TRUSTED_PROXIES = PROXY
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "198.51.100.7"})
    assert rates.client_address(request) == "198.51.100.7"
