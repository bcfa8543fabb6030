"""What every template knows about the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str]:
    """Return the site's names and the canonical address of this page (no query string)."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_STRAPLINE": settings.SITE_STRAPLINE,
        "SITE_DESCRIPTION": settings.SITE_DESCRIPTION,
        "SITE_URL": settings.SITE_URL,
        "canonical_url": settings.SITE_URL + request.path,
    }
