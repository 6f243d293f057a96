"""A flow under other options beside the flow under its usual ones: which steps and which checks come and go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from flows.checks import CHECKS, Check
from flows.flow import Flow, Option, Step
from flows.pages.diagram import MINI_X
from flows.resource_server.token import USE_OPAQUE_TOKEN, USE_TOKEN


@dataclass(frozen=True)
class Row:
    """A step in the list: `state` is "" where it is as usual, or "new", "changed" or "gone".

    One that is gone has no number. `was` is the usual step in place of a changed one. `before` are those that are
    walked already when a run begins.
    """

    step: Step
    number: int | None
    state: str = ""
    was: Step | None = None
    before: bool = False


@dataclass(frozen=True)
class Otherwise:
    """`options` are those that were chosen otherwise, `rows` the steps, with what is gone among them.

    `off` are the checks that are switched off, `on` those that usually are and run now.
    """

    options: list[Option]
    rows: list[Row]
    off: list[Check]
    on: list[Check]

    @property
    def told(self) -> str:
        """What becomes of the steps, counted: "2 steps are new, 1 is gone"."""
        parts: list[str] = []
        states = [row.state for row in self.rows]
        for state in ("new", "changed", "gone"):
            if count := states.count(state):
                steps = "" if parts else " step" if count == 1 else " steps"
                parts.append(f"{count}{steps} {'is' if count == 1 else 'are'} {state}")
        return ", ".join(parts) or "the steps are the same"


def otherwise(flow: Flow, usual: Flow) -> Otherwise:
    """What the options of a flow change; `usual` is the same flow under its usual ones."""
    off, usually_off = flow.defences_off(flow.chosen), usual.defences_off(usual.chosen)
    not_run = set(USE_TOKEN) - set(USE_OPAQUE_TOKEN) if flow.chosen.get("token") == "opaque" else set()
    return Otherwise(
        [each for each in flow.options if flow.chosen.get(each.name, each.usual) != each.usual],
        list(_rows(flow, usual)),
        [CHECKS[name] for name in off],
        [CHECKS[name] for name in usually_off if name not in off and CHECKS[name] not in not_run],
    )


def _rows(flow: Flow, usual: Flow) -> Iterator[Row]:
    before = flow.number(flow.prologue) if flow.prologue else 0
    old, new = usual.main_line, flow.main_line
    same = SequenceMatcher(None, [step.name for step in old], [step.name for step in new], autojunk=False)
    for kind, old_from, old_to, new_from, new_to in same.get_opcodes():
        for step in old[old_from:old_to] if kind in ("delete", "replace") else ():
            yield Row(step, None, "gone")
        for place in range(new_from, new_to):
            step, was = new[place], old[old_from + place - new_from] if kind == "equal" else None
            state = "" if was and _looks_like(step, was) else "changed" if was else "new"
            yield Row(step, place + 1, state, was if state == "changed" else None, place < before)


def _looks_like(step: Step, was: Step) -> bool:
    return (step.title, step.sender, step.receiver, step.at) == (was.title, was.sender, was.receiver, was.at)


def picture(rows: list[Row]) -> list[tuple[str, int, int, int, int | None, str]]:
    """The small picture of these steps, without what went before: sender, from, to, height, number and state."""
    return [
        (row.step.sender, MINI_X[row.step.sender], MINI_X[row.step.receiver], 26 + 14 * place, row.number, row.state)
        for place, row in enumerate(row for row in rows if not row.before)
    ]
