"""How far somebody has come in a run, and how it ended, as the first page tells it."""

from __future__ import annotations

from dataclasses import dataclass

from flows.flow import Step
from flows.run import Exchange, Run


@dataclass(frozen=True)
class Progress:
    """`next` is the number of the step that comes next, 0 where none does; `first` that of the first which is not
    walked when a run begins. `early` says how a run ended before its story did, "" where it did not.

    `sent` are the exchanges since it began, and `broken` those of them that were changed before they were sent.
    """

    run: Run
    first: int
    next: int
    sent: int
    broken: int
    early: str

    @property
    def begun(self) -> bool:
        return bool(self.sent)

    @property
    def dots(self) -> list[str]:
        """A letter for each step, in order: b where it was walked before the run began, d done, n next, "" later."""
        steps = range(1, len(self.run.flow.main_line) + 1)
        upcoming = self.next or len(steps) + 1
        return ["b" if each < self.first else "d" if each < upcoming else "n" * (each == upcoming) for each in steps]


def progress(run: Run) -> Progress:
    """How far a run has come."""
    sent = _since_it_began(run)
    upcoming = run.next_steps
    return Progress(
        run,
        first=run.flow.number(run.flow.prologue) + 1 if run.flow.prologue else 1,
        next=run.flow.number(upcoming[0].name) if upcoming else 0,
        sent=len(sent),
        broken=sum(bool(each.edits) for each in sent),
        early=_early(run) if run.walked and not upcoming else "",
    )


def _since_it_began(run: Run) -> list[Exchange]:
    """The exchanges of a run but for its prologue, which was walked when it began; in a branch that was cut off within
    it, all of them."""
    places = [place for place, each in enumerate(run.walked, 1) if each.step == run.flow.prologue]
    return run.walked[places[0] :] if places else run.walked


def _early(run: Run) -> str:
    """How a run ended before its story did, as in "Refused at step 7"; "" where it came to the end."""
    last = next(each for each in reversed(run.walked) if not run.flow.named(each.step or "").within)
    step, number = run.flow.named(last.step or ""), run.flow.number(last.step or "")
    rest = [each for each in run.flow.main_line[number:] if each.within != step.name]
    if last.refused and (rest or not _is_told(run, step, last.refused.check)):
        return f"Refused at step {number}"
    if run.stops:
        return f"Stopped before step {number + 1}"
    if step.ends and any(each.step == "deny" for each in run.walked):
        return f"Alice said no, at step {run.flow.number('deny')}"
    return f"Ended at step {number}" if rest else ""


def _is_told(run: Run, step: Step, check: str) -> bool:
    """Whether the refusal of the last step is the story's own: the step names it, or the options alone led to it, since
    nothing was touched."""
    if step.is_refused_by(check):
        return True
    standing = [run.exchange_at(number) for number in range(1, len(run.flow.main_line) + 1)]
    changed = any(each.edits for each in standing if each)
    moved = any(run.moved_before(place) for place in range(len(run.walked)))
    return not (changed or moved or len(run.exchanges) > len(run.walked))
