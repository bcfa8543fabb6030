"""Noon is a date, not a cron line: which noon has passed, and what the next one will bring.

A noon is DIGEST_TIME of a calendar date in the site's zone. Everything here is computed from the
date, so a day of 23 or 25 hours changes nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings

from subscriptions.models import Kind

FRIDAY, SUNDAY = 5, 7  # ISO weekdays: the weekly round is due on Friday, and lapses with Sunday.
DAY = timedelta(days=1)
# How old a post may be to go out at all; a week with a clock change in it lasts 169 hours.
OLDEST = {Kind.INSTANT: 7 * DAY, Kind.DAILY: 7 * DAY, Kind.WEEKLY: 15 * DAY}


@dataclass(frozen=True)
class Noon:
    """A noon that has passed; `is_late` when its mail may no longer go out."""

    local_date: date
    scheduled_for: datetime
    is_late: bool


def of(day: date) -> datetime:
    """Return the moment of that date's noon, in UTC."""
    return _moment(day, settings.DIGEST_TIME)


def latest_of(day: date) -> datetime:
    """Return the moment after which that date's mail is no longer sent, in UTC."""
    return _moment(day, settings.DIGEST_LATEST)


def passed(kind: str, now: datetime) -> Noon | None:
    """Return the latest noon of the daily or weekly round; None while the week's should wait."""
    today = now.astimezone(settings.ZONE).date()
    return _week(today, now) if kind == Kind.WEEKLY else _day(today, now)


def following(now: datetime) -> datetime:
    """Return the next noon after that moment, in UTC."""
    today = now.astimezone(settings.ZONE).date()
    return of(today) if now < of(today) else of(today + DAY)


def in_words(moment: datetime, now: datetime) -> str:
    """Return "today at noon", "tomorrow at noon", "today at 18:30" …"""
    local, today = moment.astimezone(settings.ZONE), now.astimezone(settings.ZONE).date()
    days = {today: "today", today + DAY: "tomorrow"}
    day = days.get(local.date()) or f"on {local:%A} {local.day} {local:%B}"
    clock = "noon" if local.time() == time(12) else f"{local:%H:%M}"
    return f"{day} at {clock}"


def first_mail(frequency: str, now: datetime) -> str:
    """Return when somebody who confirms now gets the first e-mail, in words."""
    if frequency == Kind.INSTANT:
        return "as soon as the next post is published"
    if frequency == Kind.DAILY:
        return in_words(following(now), now)
    today = now.astimezone(settings.ZONE).date()
    friday = friday_of(today)
    return in_words(of(friday) if now < of(friday) else of(friday + 7 * DAY), now)


def friday_of(day: date) -> date:
    """Return the Friday of that date's ISO week."""
    return day + (FRIDAY - day.isoweekday()) * DAY


def _day(today: date, now: datetime) -> Noon:
    day = today if of(today) <= now else today - DAY
    return Noon(day, of(day), is_late=now >= latest_of(day))


def _week(today: date, now: datetime) -> Noon | None:
    """Return the week's noon; late in the day it waits for the next, until the week is over."""
    friday = friday_of(today)
    if now < of(friday):
        friday -= 7 * DAY
    if now >= latest_of(friday + (SUNDAY - FRIDAY) * DAY):
        return Noon(friday, of(friday), is_late=True)
    is_daytime = of(today) <= now < latest_of(today)
    return Noon(friday, of(friday), is_late=False) if is_daytime else None


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=settings.ZONE).astimezone(UTC)
