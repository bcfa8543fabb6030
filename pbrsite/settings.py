"""Every setting of the site. Values come from the environment; a wrong one stops the start."""

import secrets
from datetime import time, timedelta
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

import environs
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from pbrsite import providers

BASE_DIR = Path(__file__).resolve().parent.parent
env = environs.Env()


def read(name: str, parser: str, default: Any, *, allowed: str, **options: Any) -> Any:
    """Return a typed environment value, or stop with its name and what is allowed."""
    try:
        return getattr(env, parser)(name, default, **options)
    except (environs.EnvError, ValueError) as error:
        raise ImproperlyConfigured(f"{name} is wrong. Allowed: {allowed}.") from error


def require(name: str, condition: object, *, allowed: str) -> None:
    """Stop the start when a value is well formed but not allowed."""
    if not condition:
        raise ImproperlyConfigured(f"{name} is wrong. Allowed: {allowed}.")


# -- Where things are ---------------------------------------------------------------------------

VAR_DIR = read("VAR_DIR", "path", BASE_DIR / "var", allowed="a folder the site may write to")
DEBUG = read("DEBUG", "bool", False, allowed="true or false")

# Where `serve` last listened, so that other commands beside it write the same links.
SERVED_AT = VAR_DIR / "served_at"
_here = SERVED_AT.read_text().strip() if SERVED_AT.is_file() else "http://127.0.0.1:8000"
SITE_URL = read("SITE_URL", "str", _here, allowed="http(s)://host").rstrip("/")
_site = urlsplit(SITE_URL)
require(
    "SITE_URL",
    _site.scheme in {"http", "https"} and _site.hostname and not _site.path and not _site.query,
    allowed="http://host or https://host, without a path",
)
IS_HTTPS = _site.scheme == "https"
SITE_HOST = str(_site.hostname)
SITE_NAME = read("SITE_NAME", "str", "Paying for Results", allowed="any text")
require(
    "SITE_NAME", SITE_NAME.strip() and len(SITE_NAME.splitlines()) == 1, allowed="one line of text"
)
SITE_STRAPLINE = read(
    "SITE_STRAPLINE", "str", "Probation, prisons, drugs and alcohol, by the evidence",
    allowed="any text",
)  # fmt: skip
SITE_DESCRIPTION = read(
    "SITE_DESCRIPTION", "str",
    "What paying for outcomes does to probation, prisons and treatment: "
    "policy, research and practice in England and Wales.",
    allowed="one sentence",
)  # fmt: skip
_days = read("COMMENTS_CLOSE_AFTER_DAYS", "int", 0, allowed="0 for never, or a number of days")
require("COMMENTS_CLOSE_AFTER_DAYS", 0 <= _days <= 36_500, allowed="0 for never, or up to 36500")
COMMENTS_CLOSE_AFTER = timedelta(days=_days) if _days else None
FEED_CONTENT = read("FEED_CONTENT", "str", "full", allowed="full or excerpt")
require("FEED_CONTENT", FEED_CONTENT in {"full", "excerpt"}, allowed="full or excerpt")


def _secret_key() -> str:
    """Return SECRET_KEY, or one made on the first start and kept in VAR_DIR for this copy alone."""
    given: str = read("SECRET_KEY", "str", "", allowed="at least 32 random characters")
    if given:
        require("SECRET_KEY", len(given) >= 32, allowed="at least 32 random characters")
        return given
    path = VAR_DIR / "secret_key"
    try:
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return str(path.read_text())
    except OSError as error:
        raise ImproperlyConfigured(
            f"VAR_DIR is wrong: {VAR_DIR} cannot be written ({error.strerror}). "
            "Allowed: a folder the site may write to."
        ) from error


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = [SITE_HOST] + (["127.0.0.1", "localhost", "[::1]"] if not IS_HTTPS else [])
TRUSTED_PROXIES = [
    ip_network(text)
    for text in read(
        "TRUSTED_PROXIES", "list", [], subcast=lambda text: str(ip_network(text.strip())),
        allowed="IP addresses or networks, separated by commas",
    )
]  # fmt: skip

# -- Database -----------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    if not env.str("DATABASE_URL", ""):
        return {"NAME": "postgres", "USER": "postgres",
                "OPTIONS": {"embedded_in": str(VAR_DIR / "postgres")}}  # fmt: skip
    allowed = "postgres://user:password@host:port/name"
    try:
        config: dict[str, Any] = dict(env.dj_db_url("DATABASE_URL"))
    except (environs.EnvError, ValueError) as error:
        raise ImproperlyConfigured(f"DATABASE_URL is wrong. Allowed: {allowed}.") from error
    require("DATABASE_URL", config.get("ENGINE", "").endswith("postgresql"), allowed=allowed)
    require("DATABASE_URL", config.get("NAME"), allowed=allowed)
    return config


DATABASES = {
    "default": _database()
    | {"ENGINE": "pbrsite.database", "CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Mail ---------------------------------------------------------------------------------------


EMAIL_TIMEOUT = 30  # Seconds.


def _email() -> dict[str, Any]:
    if not env.str("EMAIL_URL", ""):
        return {"EMAIL_BACKEND": "pbrsite.mail.FileBackend"}
    allowed = (
        "smtp://host:25, submission://user:password@host:587 (STARTTLS) or smtp://…?ssl=True, "
        f"with &timeout=seconds where 30 are not right; or {providers.allowed()}"
    )
    # Of an error nothing is passed on: it quotes the URL, and that holds a password.
    try:
        if providers.is_meant(env.str("EMAIL_URL")):
            settings = providers.settings_from(env.str("EMAIL_URL"))
            require("EMAIL_URL", settings, allowed=allowed)
            return settings or {}
        config = dict(env.dj_email_url("EMAIL_URL"))
    except (environs.EnvError, ValueError):
        raise ImproperlyConfigured(f"EMAIL_URL is wrong. Allowed: {allowed}.") from None
    backend, seconds = config.get("EMAIL_BACKEND", ""), config.get("EMAIL_TIMEOUT")
    require("EMAIL_URL", backend.endswith("smtp.EmailBackend"), allowed=allowed)
    require("EMAIL_URL", seconds is None or 1 <= seconds <= 600, allowed=allowed)
    config["EMAIL_TIMEOUT"] = seconds or EMAIL_TIMEOUT
    names = ("BACKEND", "HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL",
             "TIMEOUT")  # fmt: skip
    return {f"EMAIL_{name}": config[f"EMAIL_{name}"] for name in names}


globals().update(_email())
EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = read(
    "DEFAULT_FROM_EMAIL", "str", f"{SITE_NAME} <editors@example.org>", allowed="Name <address>"
)
require("DEFAULT_FROM_EMAIL", "@" in parseaddr(DEFAULT_FROM_EMAIL)[1], allowed="Name <address>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
POSTAL_ADDRESS = read("POSTAL_ADDRESS", "str", "", allowed="one line, printed under every digest")


def _mail_keys() -> dict[int, str]:
    """Return the keys of links in mail by number, the first of them signs."""
    allowed = "number:secret pairs, separated by commas; numbers 1 to 255, secrets of 32 characters"
    pairs = read("MAIL_KEYS", "dict", {}, allowed=allowed, delimiter=",", key_value_delimiter=":",
                 subcast_keys=int)  # fmt: skip
    is_good = all(1 <= number <= 255 and len(key) >= 32 for number, key in pairs.items())
    require("MAIL_KEYS", is_good, allowed=allowed)
    return dict(pairs)


_SIGNING_PROVIDERS = {"mailersend", "mailgun", "mailtrap", "mandrill"}
WEBHOOK_PROVIDERS = sorted(
    {"brevo", "mailjet", "postmark", "resend", "sparkpost"} | _SIGNING_PROVIDERS
)


def _webhook_secrets() -> dict[str, str]:
    """Return with which secret each provider proves itself at /hooks/mail/<provider>/."""
    allowed = (
        f"provider=secret pairs, separated by commas; of {', '.join(WEBHOOK_PROVIDERS)}; the "
        f"signing key of {', '.join(sorted(_SIGNING_PROVIDERS))}, user:password of the others"
    )
    pairs = read("WEBHOOK_SECRETS", "dict", {}, allowed=allowed, delimiter=",")
    for provider, secret in pairs.items():
        require("WEBHOOK_SECRETS", provider in WEBHOOK_PROVIDERS, allowed=allowed)
        is_signed = provider in _SIGNING_PROVIDERS
        is_good = len(secret) >= 12 and secret.isascii() and (is_signed or ":" in secret)
        require("WEBHOOK_SECRETS", is_good, allowed=f"{allowed}; 12 characters or more")
    return dict(pairs)


def _bounce_mailbox() -> dict[str, Any]:
    """Return where returned mail is read, as parts; without TLS only on this machine."""
    allowed = "imaps://user:password@host/INBOX or maildir:///path/to/folder"
    try:
        parts = urlsplit(read("BOUNCE_MAILBOX", "str", "", allowed=allowed))
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"BOUNCE_MAILBOX is wrong. Allowed: {allowed}.") from error
    if not any(parts):
        return {}
    is_maildir = parts.scheme == "maildir" and parts.path.startswith("/") and not parts.netloc
    is_here = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    is_imap = parts.scheme == "imaps" or (parts.scheme == "imap" and is_here)
    is_imap = is_imap and bool(parts.hostname and parts.username and parts.path.isascii())
    require("BOUNCE_MAILBOX", is_maildir or is_imap, allowed=allowed)
    if is_maildir:
        return {"SCHEME": "maildir", "PATH": unquote(parts.path)}
    return {
        "SCHEME": parts.scheme, "HOST": parts.hostname,
        "PORT": port or (993 if parts.scheme == "imaps" else 143),
        "USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or ""),
        "PATH": unquote(parts.path.strip("/")) or "INBOX",
    }  # fmt: skip


MAIL_KEYS = _mail_keys()
# How many connections the background workers together keep with the relay while an issue goes out.
MAIL_CONNECTIONS = read("MAIL_CONNECTIONS", "int", 2, allowed="whole connections, 1 to 16")
require("MAIL_CONNECTIONS", 1 <= MAIL_CONNECTIONS <= 16, allowed="whole connections, 1 to 16")
BOUNCE_ADDRESS = read(
    "BOUNCE_ADDRESS", "str", "", allowed="an address that accepts name+tag@domain"
)
require(
    "BOUNCE_ADDRESS",
    not BOUNCE_ADDRESS or "@" in parseaddr(BOUNCE_ADDRESS)[1],
    allowed="an address that accepts name+tag@domain",
)
BOUNCE_MAILBOX = _bounce_mailbox()
# Whose Authentication-Results count; unset, the topmost's.
AUTHSERV_ID = read("AUTHSERV_ID", "str", "", allowed="a name such as mx.example.org")
WEBHOOK_SECRETS = _webhook_secrets()
DIGEST_TIME: time = read("DIGEST_TIME", "time", time(12), allowed="HH:MM")
DIGEST_LATEST: time = read("DIGEST_LATEST", "time", time(20), allowed="HH:MM")
require("DIGEST_LATEST", DIGEST_LATEST > DIGEST_TIME, allowed="HH:MM, later than DIGEST_TIME")

# -- Comments -----------------------------------------------------------------------------------

# Off without a key. With one, text and name of comments that wait go to Automattic: say so.
AKISMET_KEY = read("AKISMET_KEY", "str", "", allowed="a key from akismet.com, or nothing")
require(
    "AKISMET_KEY",
    not AKISMET_KEY or AKISMET_KEY.isalnum(),
    allowed="letters and digits, or nothing",
)
AKISMET_URL = read(
    "AKISMET_URL", "str", "https://rest.akismet.com/1.1/comment-check", allowed="http(s)://…"
)
require("AKISMET_URL", urlsplit(AKISMET_URL).scheme in {"http", "https"}, allowed="http(s)://…")

# -- Time and language --------------------------------------------------------------------------

TIME_ZONE = read("TIME_ZONE", "str", "Europe/London", allowed="a name such as Europe/London")
require("TIME_ZONE", TIME_ZONE in available_timezones(), allowed="a name such as Europe/London")
ZONE = ZoneInfo(TIME_ZONE)
USE_TZ = True
LANGUAGE_CODE = "en-gb"
USE_I18N = False
FORMAT_MODULE_PATH = "pbrsite.formats"

# -- The application ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "pbrsite.apps.SiteConfig",
    "posts",
    "comments",
    "subscriptions",
    "pbrsite.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "procrastinate.contrib.django",
    "axes",
    "cabinet",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_prose_editor",
    "imagefield",
    "reversion",
    "taggit",
]
MIDDLEWARE = [
    "pbrsite.middleware.HealthChecks",
    "pbrsite.pagecache.PageCache",  # Before all that adds headers: a kept page has them.
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pbrsite.middleware.ContentSecurityPolicy",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "posts.media.StaffPass",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "pbrsite.urls"
WSGI_APPLICATION = "pbrsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "pbrsite.context.site",
            ]
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
TAGGIT_CASE_INSENSITIVE = True
CABINET_FILE_MODEL = "posts.Image"
IMAGEFIELD_BIN_DEPTH = 2
IMAGEFIELD_AUTOGENERATE = False  # posts.renditions makes more of them, in a job,
IMAGEFIELD_VALIDATE_ON_SAVE = False  # and posts.images has decoded the file to its end.

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hours
AXES_CLIENT_IP_CALLABLE = "pbrsite.rates.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False  # Its messages carry the visitor's address.

# -- Files --------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = read("MEDIA_ROOT", "path", VAR_DIR / "media", allowed="a folder the site may write to")
MEDIA_MAX_MB = read("MEDIA_MAX_MB", "int", 12, allowed="whole megabytes, 1 to 100")
require("MEDIA_MAX_MB", 1 <= MEDIA_MAX_MB <= 100, allowed="whole megabytes, 1 to 100")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o644

PAGE_CACHE_MB = read("PAGE_CACHE_MB", "int", 64, allowed="whole megabytes per process; 0 for none")
require("PAGE_CACHE_MB", 0 <= PAGE_CACHE_MB <= 10_000, allowed="0 to 10000 megabytes")

# -- Security -----------------------------------------------------------------------------------

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# The editor carries an import map and sets styles on the page it edits.
ADMIN_CONTENT_SECURITY_POLICY = {
    "script-src": [SELF, NONCE],
    "style-src": [SELF, "'unsafe-inline'"],
    "frame-src": [SELF],
    "frame-ancestors": [SELF],
    "img-src": [SELF, "data:", "blob:"],
}
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains and preloading bind hosts that are not this site's,
    "security.W021",  # and cannot be taken back for a year: the operator's proxy may add them.
]

# -- Logs: ids, counts and seconds; never an address or a reader's words --------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"hide_tokens": {"()": "pbrsite.logs.HideTokens"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["hide_tokens"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"level": "INFO"},
        "procrastinate": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
        "_granian": {"level": "WARNING"},
        "imagefield": {"level": "WARNING"},
    },
}
