"""What a provider tells counts once, and only when it has proved who it is."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from subscriptions.feedback import webhooks
from subscriptions.feedback.events import KEPT_FOR, MailEvent, MailSource
from subscriptions.models import Subscriber
from tests.subscriptions.factories import make_subscriber, sent_delivery

pytestmark = pytest.mark.django_db
SECRET, LOGIN = "a-secret-of-some-length", "hook:correct-horse"
BASIC = {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(LOGIN.encode()).decode()}


@pytest.fixture(autouse=True)
def providers(settings: Any) -> None:
    signed = {"mailgun", "mailersend", "mailtrap", "mandrill"}
    settings.WEBHOOK_SECRETS = {
        name: SECRET if name in signed else LOGIN for name in settings.WEBHOOK_PROVIDERS
    }


def tell(client: Client, esp: str, payload: Any, **headers: Any) -> int:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    answer = client.post(
        f"/hooks/mail/{esp}/", body, content_type="application/json", **{**BASIC, **headers}
    )
    assert not answer.cookies
    return answer.status_code


def mailgun(email: str, number: int = 1, **values: Any) -> Any:
    stamp = str(int(datetime.now(UTC).timestamp()))
    signature = hmac.new(SECRET.encode(), f"{stamp}{number}".encode(), hashlib.sha256).hexdigest()
    data = {"event": "failed", "recipient": email, "timestamp": float(stamp),
            "severity": "permanent", "reason": "bounce", **values}  # fmt: skip
    return {"signature": {"timestamp": stamp, "token": str(number), "signature": signature},
            "event-data": data}  # fmt: skip


def sparkpost(email: str, number: int, **values: Any) -> Any:
    event = {"type": "bounce", "bounce_class": "10", "raw_rcpt_to": email, "event_id": str(number),
             "raw_reason": "550 5.1.1 No such user"}  # fmt: skip
    return {"msys": {"message_event": event | values}}


def test_bounce_stops_the_mail_when_its_job_has_run(client: Client, run_jobs: Callable[[], int]):
    reader = make_subscriber()
    assert tell(client, "mailgun", mailgun(reader.email.upper())) == 200
    assert Subscriber.objects.get().is_active()
    run_jobs()
    assert Subscriber.objects.get().state == "bounced"
    assert reader.events.get().method == "hard bounce: mailgun"


def test_event_told_again_is_kept_once(client: Client, run_jobs: Callable[[], int]):
    reader = make_subscriber()
    for _ in range(3):
        assert tell(client, "mailgun", mailgun(reader.email)) == 200
        run_jobs()
    assert MailEvent.objects.count() == reader.events.count() == 1


@pytest.mark.parametrize(
    ("payload", "headers", "status"),
    [
        (mailgun("a@example.org") | {"signature": {}}, {}, 400),
        (mailgun("a@example.org"), {}, 200),
        (b"{", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"\xff\x00", {}, 400),
        (b"", {"CONTENT_LENGTH": str(webhooks.LARGEST + 1)}, 413),
    ],
    ids=["forged", "of a stranger", "cut off", "deep", "noise", "too large"],
)
def test_post_that_proves_nothing_leaves_nothing(
    client: Client, payload: Any, headers: dict[str, str], status: int
):
    make_subscriber(email="b@example.org")
    assert tell(client, "mailgun", payload, **headers) == status
    assert not MailEvent.objects.exists()
    assert MailSource.objects.exists() == (status == 200)


@pytest.mark.slow
def test_wrong_password_is_refused_and_guessing_ends(client: Client, settings: Any):
    reader = make_subscriber()
    wrong = {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"hook:wrong").decode()}
    payload = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "Email": reader.email}
    answers = [tell(client, "postmark", payload, **wrong) for _ in range(webhooks.REFUSALS + 1)]
    assert set(answers[:-1]) == {400}
    assert answers[-1] == 429
    assert tell(client, "postmark", payload) == 200  # The provider itself goes on.


def test_provider_that_is_not_set_up_is_not_there(client: Client, settings: Any):
    settings.WEBHOOK_SECRETS = {"postmark": LOGIN}
    assert tell(client, "mailgun", mailgun("a@example.org")) == 404
    assert tell(client, "sendgrid", []) == 404
    assert client.get("/hooks/mail/postmark/").status_code == 405
    assert client.head("/hooks/mail/postmark/").status_code == 200


def test_bad_event_of_a_batch_is_passed_by_and_the_others_count(client: Client):
    people = [make_subscriber() for _ in range(3)]
    batch = [sparkpost(one.email, number) for number, one in enumerate(people)]
    bad = [{"msys": None}, 7, {"msys": {"message_event": {"no": "type"}}}, {"msys": {}}]
    assert tell(client, "sparkpost", [*bad, *batch]) == 200
    assert MailEvent.objects.count() == 3
    assert MailSource.objects.get().passed_by == 3  # The empty one is a greeting.


@pytest.mark.parametrize(
    "values",
    [
        {"recipient": "half\ud800@example.org"},
        {"recipient": "nul\x00@example.org"},
        {"reason": ["bounce"]},
        {"reason": {}},
        {"id": "\ud800"},
        {"user-variables": {"delivery": "\ud800"}},
        {"timestamp": -1e9},
        {"delivery-status": {"message": "550 5.1.1 half \ud800 a \x00 character"}},
        {"delivery-status": {"message": ["550", None]}},
    ],
    ids=repr,
)
def test_event_with_strange_values_never_breaks_the_post(client: Client, values: Any):
    assert tell(client, "mailgun", mailgun(make_subscriber().email, **values)) == 200


@pytest.mark.parametrize(
    ("esp", "payload", "kind"),
    [
        ("postmark", {"RecordType": "Bounce", "Type": "HardBounce", "ID": 4, "Email": "@"}, "hard"),
        ("postmark", {"RecordType": "Bounce", "Type": "SoftBounce", "ID": 5, "Email": "@"}, "soft"),
        ("postmark", {"RecordType": "Open", "Recipient": "@"}, None),
        ("postmark", {"RecordType": "SubscriptionChange", "Recipient": "@",
                      "SuppressionReason": "ManualSuppression"}, "leave"),
        ("brevo", {"event": "hard_bounce", "email": "@", "reason": ""}, "hard"),
        ("brevo", {"event": "hard_bounce", "email": "@", "reason": "550 5.7.1 Blocked"}, "policy"),
        ("brevo", {"event": "spam", "email": "@"}, "complaint"),
        ("brevo", {"event": "click", "email": "@"}, None),
        ("mailjet", [{"event": "bounce", "email": "@", "hard_bounce": True}], "hard"),
        ("mailjet", {"event": "bounce", "email": "@", "hard_bounce": False}, "soft"),
        ("mailjet", {"event": "blocked", "email": "@", "error": "policy issue"}, "policy"),
        ("resend", {"type": "email.bounced", "data": {"to": ["@"], "headers": [], "bounce":
                    {"message": "sent a hard bounce message", "type": "Permanent"}}}, "hard"),
        ("sparkpost", [sparkpost("@", 1, bounce_class="22", raw_reason="552 5.2.2 Full")], "soft"),
        ("sparkpost", [sparkpost("@", 1, type="delay")], None),
    ],
)  # fmt: skip
def test_each_provider_is_understood(client: Client, esp: str, payload: Any, kind: str | None):
    make_subscriber(email="reader@example.org")
    text = json.dumps(payload).replace('"@"', '"reader@example.org"')
    assert tell(client, esp, text.encode()) == 200
    assert list(MailEvent.objects.values_list("kind", flat=True)) == ([kind] if kind else [])


@pytest.mark.parametrize(("key", "status"), [(SECRET, 200), ("another-secret", 400)])
def test_mandrill_s_signed_form_is_understood(client: Client, key: str, status: int):
    make_subscriber(email="reader@example.org")
    events = json.dumps([{"event": "spam", "ts": datetime.now(UTC).timestamp(), "_id": "1",
                          "msg": {"email": "reader@example.org"}}])  # fmt: skip
    signed = f"http://testserver/hooks/mail/mandrill/mandrill_events{events}".encode()
    signature = base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha1).digest()).decode()
    answer = client.post("/hooks/mail/mandrill/", {"mandrill_events": events},
                         HTTP_X_MANDRILL_SIGNATURE=signature)  # fmt: skip
    assert (answer.status_code, MailEvent.objects.count()) == (status, int(status == 200))


MAILERSEND = {"data": {"type": "hard_bounced",
                       "email": {"recipient": {"email": "reader@example.org"}}}}  # fmt: skip
MAILTRAP = {"events": [{"event": "bounce", "email": "reader@example.org", "message_id": "1",
                        "timestamp": 4e9, "response": "550 5.1.1 gone"}]}  # fmt: skip


@pytest.mark.parametrize(("key", "status"), [(SECRET, 200), ("another-secret", 400)])
@pytest.mark.parametrize(
    ("esp", "header", "payload"),
    [
        ("mailersend", "HTTP_SIGNATURE", MAILERSEND),
        ("mailtrap", "HTTP_MAILTRAP_SIGNATURE", MAILTRAP),
    ],
)
def test_signature_over_the_whole_post_is_checked(
    client: Client, esp: str, header: str, payload: Any, key: str, status: int
):
    make_subscriber(email="reader@example.org")
    body = json.dumps(payload).encode()
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    assert tell(client, esp, body, **{header: signature}) == status
    assert list(MailEvent.objects.values_list("kind", flat=True)) == ["hard"] * (status == 200)


def test_event_older_than_events_are_kept_is_not_taken_for_a_new_one(client: Client):
    reader = make_subscriber()
    long_ago = datetime.now(UTC) - KEPT_FOR
    assert tell(client, "mailgun", mailgun(reader.email, timestamp=long_ago.timestamp())) == 200
    assert not MailEvent.objects.exists()


def test_event_belongs_to_the_delivery_it_names_only_if_that_is_this_person_s(client: Client):
    mine, other = (sent_delivery(make_subscriber()) for _ in range(2))
    for number, named in enumerate([mine.pk, other.pk, "nonsense", 10**30]):
        values: Any = {"user-variables": {"delivery": named}}
        wanted = mailgun(mine.subscriber.email, number, **values)
        assert tell(client, "mailgun", wanted) == 200
    told = MailEvent.objects.order_by("pk").values_list("subscriber", "delivery")
    assert set(told) == {(mine.subscriber_id, mine.pk)}  # Else the last one sent to them.
    tell(client, "mailgun", mailgun(make_subscriber().email, 9, **values))
    assert MailEvent.objects.latest("pk").delivery is None


def test_neither_log_nor_table_holds_an_address(client: Client, caplog: Any):
    reader = make_subscriber(email="canary.bird@example.org")
    words = "550 5.1.1 <canary.bird@example.org>: user canary.bird unknown to x@y.example"
    values: Any = {"delivery-status": {"message": words}}
    tell(client, "mailgun", mailgun(reader.email, **values))
    tell(client, "mailgun", b"{")
    kept = MailEvent.objects.get()
    assert kept.words == "550 5.1.1 <…>: user … unknown to …"
    assert "canary" not in "".join(str(value) for value in vars(kept).values())
    assert "canary" not in caplog.text


def test_providers_are_those_of_the_settings():
    assert set(webhooks.PROVIDERS) == set(django_settings.WEBHOOK_PROVIDERS)
