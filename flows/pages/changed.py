"""What other options made of a walk, told where they were changed: steps, lines and defences that came and went."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.checks import CHECKS, Check
from flows.flow import Chosen, Option, Step
from flows.pages.lines import request_lines, response_lines
from flows.run import Run


@dataclass(frozen=True)
class Changed:
    """What other options made of a walk: which were changed, which steps and which lines of this one came and went."""

    before: Run
    options: list[tuple[str, str, str]]
    gone: list[Step]
    came: list[Step]
    lines_gone: list[str]
    lines_came: list[str]
    off: list[Check]


def changed(before: Run, now: Run, number: int) -> Changed | None:
    """What became of the walk `before` under the options of this one, at the step of that number; None where they are
    not walks of one flow."""
    if before.flow.name != now.flow.name:
        return None
    old, new = before.flow, now.flow
    options = [
        (option.title, _says(option, old.chosen), _says(option, new.chosen))
        for option in new.options
        if old.chosen.get(option.name) != new.chosen.get(option.name)
    ]
    had = {(step.name, step.sender) for step in old.main_line}
    have = {(step.name, step.sender) for step in new.main_line}
    name = new.main_line[number - 1].name
    lines_before, lines_now = _lines(before, name), _lines(now, name)
    return Changed(
        before,
        options,
        [step for step in old.main_line if (step.name, step.sender) not in have],
        [step for step in new.main_line if (step.name, step.sender) not in had],
        [line for line in lines_before if line not in lines_now],
        [line for line in lines_now if line not in lines_before],
        [CHECKS[each] for each in new.defences_off(new.chosen) if each not in old.defences_off(old.chosen)],
    )


def _says(option: Option, chosen: Chosen) -> str:
    return option.choices.get(chosen.get(option.name, ""), "")


def _lines(run: Run, name: str) -> list[str]:
    """The names of the lines of a step's latest exchange, once each; none where it has not been sent."""
    sent = [each for each in run.walked if each.step == name]
    if not sent:
        return []
    step = run.flow.named(name)
    lines = [*request_lines(sent[-1].request, step.carries), *response_lines(sent[-1].response, step.answers)]
    names = (line.name.removeprefix("answer.") for line in lines if line.kind and line.key.strip())
    return list(dict.fromkeys(name for name in names if not re.search(r"\.\d+$", name)))
