"""Cast and arrows: where each step of a flow stands in the picture. The words of an arrow are the same story as
text."""

from __future__ import annotations

from dataclasses import dataclass

from flows.run import Exchange, Flow, Run, Step
from flows.story import PARTIES

X = {"browser": 60, "client": 210, "authorization_server": 360, "resource_server": 500}
MINI_X = {"browser": 22, "client": 86, "authorization_server": 150, "resource_server": 214}
FIRST, ROW, REFUSAL = 78, 46, 34


@dataclass(frozen=True)
class Arrow:
    """One step in the picture; `state` is done, now or later. `back` is where its refusal is drawn, None without
    one."""

    number: int
    step: Step
    state: str
    y: int
    exchange: Exchange | None
    back: int | None
    says: str

    @property
    def x1(self) -> int:
        return X[self.step.sender]

    @property
    def x2(self) -> int:
        return X[self.step.receiver]

    @property
    def tip(self) -> int:
        """Where the line ends: at the arrow head's back."""
        return self.x2 - 9 if self.x2 > self.x1 else self.x2 + 9

    @property
    def middle(self) -> int:
        return (self.x1 + self.x2) // 2


def arrows(run: Run, shown: int) -> list[Arrow]:
    """The steps of a run from top to bottom, with what was walked; `shown` is the number that the page shows."""
    made: list[Arrow] = []
    y = FIRST
    for number, planned in enumerate(run.flow.main_line, 1):
        exchange = run.exchange_at(number)
        step = run.flow.named(exchange.step) if exchange and exchange.step else planned
        state = "now" if number == shown else "done" if exchange else "later"
        back = y + REFUSAL if exchange and exchange.refused else None
        word = {"now": "now", "done": "done", "later": "not yet"}[state]
        if back:
            word = "refused"
        says = f"{number} {step.label}: {PARTIES[step.sender][0]} to {PARTIES[step.receiver][0]}, "
        says += f"step {number} of {len(run.flow.main_line)}, {word}"
        made.append(Arrow(number, step, state, y, exchange, back, says))
        y += ROW + (REFUSAL if back else 0)
    return made


def mini(flow: Flow) -> list[tuple[str, int, int, int]]:
    """Sender, from, to and height of each arrow in the small picture of a tile."""
    return [
        (step.sender, MINI_X[step.sender], MINI_X[step.receiver], 24 + 10 * row)
        for row, step in enumerate(flow.main_line)
    ]
