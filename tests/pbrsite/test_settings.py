"""A wrong value stops the start with its name and what is allowed."""

import importlib.util
from types import ModuleType

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.environment import ROOT


def load_settings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fresh_settings", ROOT / "pbrsite/settings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("DATABASE_URL", "mysql://u:p@h/n", "postgres://"),
        ("DATABASE_URL", "postgres://host", "postgres://user:password@host:port/name"),
        ("DATABASE_URL", "nonsense", "postgres://"),
        ("SECRET_KEY", "short", "at least 32"),
        ("SITE_URL", "example.org", "https://host"),
        ("SITE_URL", "https://example.org/blog", "without a path"),
        ("EMAIL_URL", "pigeon://coop", "smtp://"),
        ("EMAIL_URL", "anymail+nobody://SECRET@", "anymail+PROVIDER://KEY@"),
        ("EMAIL_URL", "smtp://user:SECRET@host:port", "smtp://host:25"),
        ("EMAIL_URL", "smtp://host?timeout=soon", "timeout=seconds"),
        ("MAIL_CONNECTIONS", "17", "1 to 16"),
        ("DEFAULT_FROM_EMAIL", "nobody", "Name <address>"),
        ("DIGEST_TIME", "noonish", "HH:MM"),
        ("DIGEST_LATEST", "11:00", "later than DIGEST_TIME"),
        ("TIME_ZONE", "Europe/Atlantis", "Europe/London"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy", "IP addresses or networks"),
        ("MEDIA_MAX_MB", "lots", "1 to 100"),
        ("MEDIA_MAX_MB", "0", "1 to 100"),
        ("DEBUG", "perhaps", "true or false"),
        ("SITE_NAME", "", "one line of text"),
        ("SITE_NAME", "Two\nlines", "one line of text"),
        ("MAIL_KEYS", "nonsense", "number:secret pairs"),
        ("WEBHOOK_SECRETS", "sendgrid=u:p@h-and-more", "resend, sparkpost"),
        ("WEBHOOK_SECRETS", "postmark=u:p@h", "12 characters"),
        ("WEBHOOK_SECRETS", "postmark=up@h-without-colon", "user:password"),
        ("BOUNCE_MAILBOX", "imap://u:p@h/INBOX", "imaps://user:password@host"),
        ("BOUNCE_MAILBOX", "imaps://h/INBOX", "imaps://user:password@host"),
        ("BOUNCE_MAILBOX", "imaps://u:p@h:port", "imaps://user:password@host"),
        ("BOUNCE_MAILBOX", "maildir://relative", "maildir:///path/to/folder"),
        ("FEED_CONTENT", "some", "full or excerpt"),
        ("COMMENTS_CLOSE_AFTER_DAYS", "-1", "0 for never"),
        ("VAR_DIR", "/proc/nothing", "the site may write to"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(monkeypatch, name, value, allowed):
    if name == "VAR_DIR":
        monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        load_settings()
    assert name in str(refusal.value)
    assert allowed in str(refusal.value)
    assert "p@h" not in str(refusal.value), "a password must not be printed"


def test_right_values_are_taken(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db.example.org:5433/name")
    monkeypatch.setenv("EMAIL_URL", "submission://u:p@mail.example.org:587")
    monkeypatch.setenv("SITE_URL", "https://www.example.org/")
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")
    settings = load_settings()
    assert settings.DATABASES["default"]["PORT"] == 5433
    assert (settings.EMAIL_HOST, settings.EMAIL_USE_TLS) == ("mail.example.org", True)
    assert settings.ALLOWED_HOSTS == ["www.example.org"]
    assert settings.SESSION_COOKIE_SECURE
    assert len(settings.TRUSTED_PROXIES) == 2


def test_mailbox_of_returned_mail_is_read_in_parts(monkeypatch):
    monkeypatch.setenv("BOUNCE_MAILBOX", "imaps://user%40x:p%2Fw@mail.example.org/Returned%20mail")
    assert load_settings().BOUNCE_MAILBOX == {
        "SCHEME": "imaps", "HOST": "mail.example.org", "PORT": 993, "USER": "user@x",
        "PASSWORD": "p/w", "PATH": "Returned mail",
    }  # fmt: skip
    monkeypatch.setenv("BOUNCE_MAILBOX", "maildir:///var/mail/returned")
    assert load_settings().BOUNCE_MAILBOX == {"SCHEME": "maildir", "PATH": "/var/mail/returned"}


def test_other_commands_write_the_links_of_the_server_beside_them(monkeypatch, tmp_path):
    monkeypatch.delenv("SITE_URL")
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    assert load_settings().SITE_URL == "http://127.0.0.1:8000"
    (tmp_path / "served_at").write_text("http://127.0.0.1:8031")
    assert load_settings().SITE_URL == "http://127.0.0.1:8031"


def test_without_a_secret_key_one_is_made_once_and_kept_private(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    first = load_settings().SECRET_KEY
    assert first == load_settings().SECRET_KEY
    assert len(first) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
