"""Mail providers with an API of their own (ESPs), by way of django-anymail: what EMAIL_URL says."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEME = "anymail+"
ALLOWED = (
    "anymail+PROVIDER://KEY@?option=value with one of these providers (and the options it needs): "
)
# By provider: what stands before the @, with a colon between two; the options that must be given;
# and those that may be. Left out are providers whose backend needs a further package.
PROVIDERS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "brevo": (("api_key",), (), ("api_url",)),
    "mailersend": (("api_token",), (), ("api_url",)),
    "mailgun": (("api_key",), (), ("api_url", "sender_domain")),
    "mailjet": (("api_key", "secret_key"), (), ("api_url",)),
    "mailtrap": (("api_token",), (), ("api_url", "sandbox_id")),
    "mandrill": (("api_key",), (), ("api_url",)),
    "postal": (("api_key",), ("api_url",), ()),
    "postmark": (("server_token",), (), ("api_url", "message_stream")),
    "resend": (("api_key",), (), ("api_url",)),
    "scaleway": (("secret_key",), ("project_id",), ("api_url", "region")),
    "sendgrid": (("api_key",), (), ("api_url",)),
    "sparkpost": (("api_key",), (), ("api_url", "subaccount")),
    "unisender_go": (("api_key",), ("api_url",), ()),
}


def allowed() -> str:
    """Return in words what EMAIL_URL may be for a provider."""
    names = (
        f"{name} ({', '.join(needed)})" if needed else name
        for name, (_, needed, _) in PROVIDERS.items()
    )
    return ALLOWED + ", ".join(names)


def is_meant(url: str) -> bool:
    return url.lower().startswith(SCHEME)


def settings_from(url: str) -> dict[str, Any] | None:
    """Return EMAIL_BACKEND and ANYMAIL for this URL, or None when it is wrong in any way."""
    parts = urlsplit(url)
    name = parts.scheme.removeprefix(SCHEME).replace("-", "_")
    pairs = parse_qsl(parts.query, strict_parsing=bool(parts.query))
    if name not in PROVIDERS or parts.hostname or parts.path.strip("/") or parts.fragment:
        return None
    secrets, needed, optional = PROVIDERS[name]
    given = [unquote(text) for text in parts.netloc.removesuffix("@").split(":")]
    options = dict(pairs)
    if len(given) != len(secrets) or not all(text.strip() for text in given):
        return None
    if len(options) != len(pairs) or not set(needed) <= set(options) <= {*needed, *optional}:
        return None
    if "api_url" in options and urlsplit(options["api_url"]).scheme not in {"http", "https"}:
        return None
    values = dict(zip(secrets, given, strict=True)) | options
    return {
        "EMAIL_BACKEND": f"anymail.backends.{name}.EmailBackend",
        "ANYMAIL": {f"{name}_{key}".upper(): value for key, value in values.items()}
        # What one provider cannot do (a tag, switching off its tracking) is no reason not to send.
        | {"IGNORE_UNSUPPORTED_FEATURES": True, "REQUESTS_TIMEOUT": 30},
    }
