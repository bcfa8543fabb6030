"""Health, readiness, and the pages for when something is wrong."""

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

pytestmark = pytest.mark.django_db


def beat() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")


def test_alive_says_nothing_more_than_that(client):
    assert client.get("/healthz").content == b"ok\n"


def test_ready_needs_a_worker(client):
    assert client.get("/readyz").status_code == 503
    beat()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": True, "migrations": True, "worker": True}


def test_a_worker_silent_for_a_minute_counts_as_gone(client):
    beat()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 min'")
    assert client.get("/readyz").json()["worker"] is False


@pytest.fixture
def dead_database(monkeypatch, settings):
    """Refuse every connection and every query, with the page cache on as in real use."""

    def refuse(*args, **kwargs):
        raise OperationalError("gone")

    settings.PAGE_CACHE_MB = 1
    for name in ("cursor", "ensure_connection"):
        monkeypatch.setattr(BaseDatabaseWrapper, name, refuse)
    monkeypatch.setattr("pbrsite.database.base.DatabaseWrapper.ask", lambda *question: None)


def test_alive_is_said_also_without_a_database(client, dead_database):
    assert client.get("/healthz").status_code == 200


def test_ready_says_503_when_the_database_is_gone(client, dead_database):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] is False


def test_without_a_database_a_visitor_gets_a_page_and_no_traceback(dead_database):
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert "Traceback" not in response.content.decode()


def test_a_supervisor_may_ask_by_address_and_without_https(client, settings):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["www.example.org"], True
    assert client.get("/healthz", headers={"Host": "127.0.0.1:8000"}).status_code == 200


def test_a_fault_shows_a_page_and_no_traceback(monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("secret words")

    monkeypatch.setattr("posts.views.page_context", fail)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "secret words" not in page
    assert "Traceback" not in page
    assert "<main" in page


def test_an_unknown_host_gets_a_plain_refusal(client, settings):
    settings.ALLOWED_HOSTS = ["testserver.test"]
    assert client.get("/", headers={"Host": "evil.test"}).status_code == 400
