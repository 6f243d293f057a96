"""The validity of a token as a picture: when it was made, from when and until when it counts, and what time it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from flows.tokens.times import date, is_milliseconds, is_time, lasting

WIDE, NARROW = 540, 320  # px: for a screen, and for a phone
_EDGE = 40  # px: half a label
_LEAST = {False: 58, True: 64}  # px between two labels; more with dates
_SAME_SCALE = 0.2  # a gap that is drawn this much smaller than another is broken


@dataclass(frozen=True)
class Point:
    """A moment: its names ("iat", "now"), where it stands, and its label: a time and, where days differ, a date."""

    x: int
    names: str
    time: str
    date: str
    kind: str  # "claim", "now" or "realm"


@dataclass(frozen=True)
class Picture:
    """One drawing. `span` is when the token counts, `over` the time for which it has not, `breaks` where a long time
    was cut short."""

    width: int
    points: tuple[Point, ...]
    span: tuple[int, int]
    over: tuple[int, int] | None
    breaks: tuple[int, ...]


@dataclass(frozen=True)
class Timeline:
    """Two drawings, the same in words, the day where all is on one, and what to know of the numbers."""

    pictures: tuple[Picture, ...]
    says: str
    day: str
    inside: str
    is_open: bool
    sentences: tuple[str, ...] = field(default=())


def timeline(claims: Mapping[str, Any], now: int, realm_now: int | None) -> Timeline | None:
    """The times of a token beside now and, for one of our own, its realm's time; None if it says nothing of time."""
    given = {name: claims[name] for name in ("iat", "nbf", "exp") if name in claims}
    if not given:
        return None
    times = {name: int(each) for name, each in given.items() if is_time(each) and not is_milliseconds(each)}
    sentences = tuple(_sentences(given, times))
    if not times:
        return Timeline((), "", "", "", False, sentences)
    start, end = times.get("nbf", times.get("iat")), times.get("exp")
    names = {**times, "now": now} | ({"its realm’s time": realm_now} if realm_now is not None else {})
    days = {_at(each).date() for each in names.values()}
    pictures = tuple(_draw(width, names, start, end, len(days) > 1) for width in (WIDE, NARROW))
    words = [f"{name} {date(each)}" for name, each in sorted(names.items(), key=lambda pair: pair[1])]
    inside = f"{lasting(end - start)}" if start is not None and end is not None and end > start else ""
    day = f"{_at(now).day} {_at(now):%B %Y}, UTC" if len(days) == 1 else "UTC"
    return Timeline(pictures, f"Validity: {'; '.join(words)}", day, inside, end is None, sentences)


def _draw(width: int, names: Mapping[str, int], start: int | None, end: int | None, dated: bool) -> Picture:
    moments = sorted(set(names.values()))
    x, breaks = _places(width, moments, dated)
    points = []
    for moment in moments:
        of = [name for name, each in names.items() if each == moment]
        kind = "now" if "now" in of else "realm" if "its realm’s time" in of else "claim"
        called = ", ".join("realm" if name == "its realm’s time" else name for name in of)
        points.append(Point(x[moment], called, f"{_at(moment):%H:%M:%S}", f"{_at(moment):%Y-%m-%d}" * dated, kind))
    begins = x[start] if start is not None else 4
    ends = x[end] if end is not None else width - 4
    clocks = [x[names[name]] for name in ("now", "its realm’s time") if name in names]
    over = None
    if end is not None and max(clocks) > ends:
        over = (ends, max(clocks))
    elif start is not None and min(clocks) < begins:
        over = (min(clocks), begins)
    return Picture(width, tuple(points), (begins, max(begins, ends)), over, breaks)


def _places(width: int, moments: list[int], dated: bool) -> tuple[dict[int, int], tuple[int, ...]]:
    """Where each moment stands: to scale if the labels have room so, else long gaps are cut short and say so."""
    room = width - 2 * _EDGE
    gaps = [after - before for before, after in pairwise(moments)]
    if not gaps:
        return {moments[0]: width // 2}, ()
    least = min(_LEAST[dated], room / len(gaps))
    sizes = [gap * room / sum(gaps) for gap in gaps]
    if min(sizes) < least:
        weights = [math.log1p(gap) for gap in gaps]
        sizes = [least + (room - least * len(gaps)) * weight / sum(weights) for weight in weights]
    scales = [size / gap for size, gap in zip(sizes, gaps, strict=True)]
    places, breaks, at = {moments[0]: _EDGE}, [], float(_EDGE)
    for moment, size, scale in zip(moments[1:], sizes, scales, strict=True):
        if scale < max(scales) * _SAME_SCALE:
            breaks.append(round(at + size / 2))
        at += size
        places[moment] = round(at)
    return places, tuple(breaks)


def _sentences(given: Mapping[str, Any], times: Mapping[str, int]) -> list[str]:
    """The trap of seconds and milliseconds, told with this token's own number."""
    told = []
    for name, value in given.items():
        if name in times:
            continue
        if is_milliseconds(value):
            year = int(1970 + value / 31_556_952)
            told.append(
                f"`{name}` is in milliseconds: {date(value / 1000)} is meant. "
                f"Counted in seconds it would be in the year {year:,}."
            )
        elif isinstance(value, str):
            told.append(f"`{name}` is a text, where a number of seconds is meant.")
        else:
            told.append(f"`{name}` is no time.")
    name = next((each for each in ("exp", "iat", "nbf") if each in times), "")
    if name:
        meant = _at(times[name] // 1000)
        told.append(f"Taken for milliseconds, this `{name}` would be {meant.day} {meant:%B %Y}.")
    return told


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
