"""A moment in words, on the site's clock and with the clock's name."""

from datetime import datetime

from django.conf import settings


def in_words(moment: datetime, *, with_seconds: bool = False) -> str:
    """Return "Wednesday 4 March 2026, 09:30 GMT"; with seconds, "09:30:07 GMT"."""
    local = moment.astimezone(settings.ZONE)
    time = f"{local:%H:%M:%S}" if with_seconds else f"{local:%H:%M}"
    return f"{local:%A} {local.day} {local:%B %Y}, {time} {local:%Z}"


def day(moment: datetime) -> str:
    """Return "4 March 2026"."""
    local = moment.astimezone(settings.ZONE)
    return f"{local.day} {local:%B} {local.year:04d}"


def in_brief(moment: datetime, now: datetime) -> str:
    """Return "today, 09:30 GMT" or "4 March, 09:30 GMT", with the year if it is another."""
    local, today = moment.astimezone(settings.ZONE), now.astimezone(settings.ZONE).date()
    year = "" if local.year == today.year else f" {local.year}"
    day = "today" if local.date() == today else f"{local.day} {local:%B}{year}"
    return f"{day}, {local:%H:%M %Z}"


def clock(moment: datetime, now: datetime) -> str:
    """Return "09:30 GMT", or "09:30 GMT on 4 March" of another day, as it stands after "at"."""
    day, _, time = in_brief(moment, now).rpartition(", ")
    return time if day == "today" else f"{time} on {day}"
