"""A request that came from outside the walk, told as a step: a pasted command, another tab, a program."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from flows.flow import Step
from flows.run import Exchange, Run
from flows.seen import Seen


def step_of(run: Run, exchange: Exchange) -> Step:
    """The step that an exchange is of, to whom it really went; for one from outside, a step made of what crossed."""
    if exchange.step:
        step = run.flow.named(exchange.step)
        return step if step.receiver == exchange.receiver else replace(step, receiver=exchange.receiver)
    request = exchange.request
    address = f"http://{request.header('Host')}{request.path}"
    like = next((each for each in run.flow.steps if run.realm.address(each.receiver) + each.at == address), None)
    path = request.path.removeprefix(f"/{run.realm.name}")
    return Step(
        name="from_outside",
        title=f"From outside: {request.method} {path}"[:120],
        label=f"outside: {request.method} {path}"[:40],
        button="",
        sender="outside",
        receiver=exchange.receiver,
        at=path,
        rfc=like.rfc if like else "6749#section-1.1",
        prepare=_from_outside,
        carries=like.carries if like else "",
        answers=like.answers if like else "",
    )


def _from_outside(_: Seen) -> NoReturn:
    """
    Nobody in the story sent this: it came to an address of this run from a pasted command, another tab or a program.
    The party answered it as it answers anybody, and what that changed, it changed for this run too.
    """
    raise NotImplementedError("what came from outside is not prepared here")
