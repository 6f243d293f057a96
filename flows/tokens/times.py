"""Times in tokens: NumericDates, told as dates and distances, and what is no time at all (RFC 7519 §2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeGuard

LAST = 253_402_300_799  # the last second that has a four-digit year
MILLISECONDS = (946_684_800_000, 4_102_444_800_000)  # the years 2000 to 2100, counted in thousandths
TIMES = ("exp", "nbf", "iat", "auth_time", "updated_at", "toe")


def is_time(value: object) -> TypeGuard[float]:
    """A number of seconds that is a date of four digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LAST


def date(seconds: float) -> str:
    """ "23 November 2026, 15:25:00 UTC"."""
    then = datetime.fromtimestamp(int(seconds), UTC)
    return f"{then.day} {then:%B %Y}, {then:%H:%M:%S} UTC"


def is_milliseconds(value: object) -> bool:
    """Whether a number is a date of our time as milliseconds since 1970, and none as seconds."""
    first, last = MILLISECONDS
    return isinstance(value, int | float) and not isinstance(value, bool) and first <= value <= last


def lasting(seconds: float) -> str:
    """How long: "5 min", "1 h 30 min", "2 d", "15 years 249 d"; the two largest units, a year being 365 days."""
    days, rest = divmod(int(abs(seconds)), 86_400)
    years, days = divmod(days, 365)
    units = ((years, "year" if years == 1 else "years"), (days, "d"), (rest // 3600, "h"), (rest % 3600 // 60, "min"))
    told = [f"{count:,} {unit}" for count, unit in (*units, (rest % 60, "s")) if count]
    return " ".join(told[:2]) or "0 s"
