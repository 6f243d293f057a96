"""Cast and arrows: where each step of a flow stands in the picture. The words of an arrow are the same story as
text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flows.flow import Flow, Step
from flows.pages.cast import cast
from flows.pages.eyes import seen_lines
from flows.pages.journey import href_of
from flows.pages.outside import step_of
from flows.pages.sightings import names_in
from flows.run import Exchange, Run

WIDTH, LEFT, RIGHT = 560, 60, 500  # of the picture; of the first and the last lane
MINI_X = {"browser": 22, "script": 22, "client": 86, "authorization_server": 150, "resource_server": 214}
FIRST, ROW, REFUSAL, CLOCK = 78, 46, 40, 30
LETTER, BOLD = 8.3, 9.7  # the width of a letter while presenting, on the whole
MOST_FROM_OUTSIDE = 3  # between two steps; of more, the last ones


@dataclass(frozen=True)
class Arrow:
    """One step in the picture, or a request from outside, which has no number; `state` is done, now or later.

    `x1` and `x2` are its sender's and its receiver's lanes. `later` is by how many seconds the clock was moved before
    it. `back` is where its refusal is drawn, None without one. `lit` is the value that is followed, if it crossed here.
    `unseen`: the eye that looks sees nothing of it.
    """

    number: int | None
    step: Step
    href: str
    state: str
    x1: int
    x2: int
    y: int
    later: int
    exchange: Exchange | None
    back: int | None
    lit: str
    says: str
    unseen: bool

    @property
    def label(self) -> str:
        number = f"{self.number} " if self.number else ""
        return f"{number}{'✎ ' if self.edited else ''}{self.step.label}"

    @property
    def lines(self) -> list[str]:
        """The label for a projector: two lines where one would be longer than the arrow."""
        return in_two(self.label, abs(self.x2 - self.x1), BOLD if self.state == "now" else LETTER)

    @property
    def refusal(self) -> str:
        """The label of its refusal: the status and the check that said no; "" without one."""
        refused = self.exchange and self.exchange.refused
        return f"✗ {self.exchange.response.status} {refused.check}" if self.exchange and refused else ""

    @property
    def refusal_lines(self) -> list[str]:
        return in_two(self.refusal, abs(self.x2 - self.x1), BOLD)

    @property
    def edited(self) -> bool:
        return bool(self.exchange and self.exchange.edits)

    @property
    def tip(self) -> int:
        """Where the line ends: at the arrow head's back."""
        return self.x2 - 9 if self.x2 > self.x1 else self.x2 + 9

    @property
    def middle(self) -> int:
        return (self.x1 + self.x2) // 2


def in_two(label: str, room: int, letter: float) -> list[str]:
    """A label in one line where there is room for it, else in two that are about as long as each other."""
    if len(label) * letter <= room:
        return [label]
    breaks = [at.end() for at in re.finditer(r" |_(?=\w)", label) if at.end() > 3]  # not behind the number
    if not breaks:
        return [label]
    at = min(breaks, key=lambda place: max(place, len(label) - place) + 3 * (label[place - 1] == "_"))
    return [label[:at].rstrip(), label[at:]]


def within(middle: int, lines: Sequence[str], letter: float = BOLD) -> int:
    """Where the middle of a text stands so that none of it is cut at the edges of the picture."""
    half = int(max(map(len, lines)) * letter / 2)
    return min(max(middle, half), WIDTH - half) if half < WIDTH // 2 else WIDTH // 2


def lanes(flow: Flow) -> dict[str, int]:
    """Party → where its lane stands; what comes from outside begins at the edge."""
    step = (RIGHT - LEFT) // (len(flow.parties) - 1)
    return {"outside": 4, **{party: LEFT + place * step for place, party in enumerate(flow.parties)}}


def arrows(run: Run, number: int, shown: Exchange | None, follow: str, eye: str = "") -> list[Arrow]:
    """The steps of a run from top to bottom, with what was walked and what came from outside.

    `number` and `shown` are the step and the exchange that the page shows, `follow` the value that is followed,
    `eye` the place to look from.
    """
    made: list[Arrow] = []
    x = lanes(run.flow)
    y = FIRST
    for place, step, exchange in _rows(run):
        from_outside = exchange is not None and exchange.step is None
        if from_outside:
            state = "now" if exchange is shown else "done"
        else:
            outside_shown = shown is not None and shown.step is None
            state = "now" if place == number and not outside_shown else "done" if exchange else "later"
        later = time_before(run, step, exchange)
        if later and made:
            y += CLOCK
        href = href_of(run, exchange) if from_outside and exchange else f"?step={place}"
        back = y + REFUSAL if exchange and exchange.refused else None
        lit = follow if exchange and _carries(exchange, step, follow) else ""
        says = _says(run, place, step, exchange, state, lit)
        unseen = bool(eye and exchange and exchange.step and not seen_lines(eye, run, exchange))
        number_or_none = None if from_outside else place
        to = x.get(step.receiver, RIGHT)
        made.append(
            Arrow(number_or_none, step, href, state, x[step.sender], to, y, later, exchange, back, lit, says, unseen)
        )
        y += ROW + (REFUSAL if back else 0)
    return made


def time_before(run: Run, step: Step, exchange: Exchange | None) -> int:
    """Seconds that passed before a step beyond the one that each takes: told by the story, or moved by hand.

    Before the step that comes next it is what was moved since the last one, too.
    """
    if exchange is None or exchange.step is None:
        comes_next = exchange is None and any(each.name == step.name for each in run.next_steps)
        return step.later + (run.moved_since if comes_next else 0)
    at = run.walked.index(exchange)
    first = all(each.step != step.name for each in run.walked[:at])
    return run.moved_before(at) + (step.later if first else 0)


def _rows(run: Run) -> Iterator[tuple[int, Step, Exchange | None]]:
    """Number, step and latest exchange, from top to bottom; what came from outside stands after the step before it."""
    strays: dict[int, list[Exchange]] = {}
    reached = 0
    for exchange in run.exchanges:
        if exchange.step:
            reached = run.flow.number(exchange.step)
        else:
            strays.setdefault(reached, []).append(exchange)
    for place in range(len(run.flow.main_line) + 1):
        if place:
            walked = run.exchange_at(place)
            yield place, step_of(run, walked) if walked else run.flow.main_line[place - 1], walked
        of_place = strays.get(place, [])
        for stray in of_place[-MOST_FROM_OUTSIDE:]:
            step, earlier = step_of(run, stray), len(of_place) - MOST_FROM_OUTSIDE
            if earlier > 0 and stray is of_place[earlier]:
                step = replace(
                    step, label=f"{step.label}, {earlier} more before", title=f"{step.title}, {earlier} more before"
                )
            yield place, step, stray


def _carries(exchange: Exchange, step: Step, follow: str) -> bool:
    return follow in names_in(exchange, step.carries, step.answers)


def _says(run: Run, place: int, step: Step, exchange: Exchange | None, state: str, lit: str) -> str:
    """The sentence of an arrow: "3 Alice logs in: Alice’s browser to Authorization server, step 3 of 9, done"."""
    words = [{"now": "now", "done": "done", "later": "not yet"}[state]]
    if exchange and exchange.refused:
        words = ["refused"]
    if exchange and exchange.edits:
        words.append("changed by you")
    if lit:
        words.append(f"{lit} crossed here")
    if exchange and exchange.step is None:
        return f"{step.title}, to {cast(run.flow)[step.receiver][0]}, after step {place}, {', '.join(words)}"
    named = cast(run.flow)
    to = f"{named[step.sender][0]} to {named[step.receiver][0]}"
    return f"{place} {step.label}: {to}, step {place} of {len(run.flow.main_line)}, {', '.join(words)}"


def mini(flow: Flow) -> list[tuple[str, int, int, int]]:
    """Sender, from, to and height of each arrow in the small picture of a tile; what went before is left out."""
    first = flow.number(flow.prologue) if flow.prologue else 0
    return [
        (step.sender, MINI_X[step.sender], MINI_X[step.receiver], 24 + 10 * row)
        for row, step in enumerate(flow.main_line[first:])
    ]
