"""Every flow, under its usual options and under those that change what is sent: for the tests that hold for all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flows.flow import Flow, Step
from flows.grants import FLOWS
from flows.pages.lines import Line, request_lines, response_lines
from flows.run import Run
from flows.stage import Stage

# A flow, and what is chosen where that is not the usual.
STORIES = [
    "authorization_code",
    "authorization_code client=single-page",
    "authorization_code pkce=plain",
    "authorization_code pkce=off",
    "authorization_code token=opaque",
    "authorization_code client_auth=post",
    "authorization_code client=single-page pkce=off token=opaque",
    "implicit",
    "implicit token=opaque",
    "client_credentials",
    "client_credentials token=opaque",
    "client_credentials client_auth=post",
    "client_credentials bearer=form",
    "client_credentials bearer=query",
    "client_credentials bearer=form token=opaque",
    "refresh_token",
    "refresh_token token=listed",
    "refresh_token token=opaque",
    "refresh_token client_auth=post",
    "password",
    "password token=opaque",
]


def read(story: str) -> tuple[str, dict[str, str]]:
    """The name of a story's flow, and its options."""
    flow, *choices = story.split(" ")
    return flow, dict(choice.split("=", 1) for choice in choices)


def flow_of(story: str) -> Flow:
    flow, options = read(story)
    return FLOWS[flow].under(options)


def own_steps(flow: Flow) -> list[Step]:
    """The steps of a flow without those that it takes over from another."""
    return [step for step in flow.steps if not flow.prologue or flow.number(step.name) > flow.number(flow.prologue)]


def _steps_told() -> Iterator[tuple[str, str]]:
    """Each step that any flow can have, once: the first story that has it, and its name."""
    told = set()
    for story in STORIES:
        for step in own_steps(flow_of(story)):
            if (step.name, step.prepare) not in told:
                told.add((step.name, step.prepare))
                yield story, step.name


# Each step once; again where other options make other fields of it.
STEPS = [
    *_steps_told(),
    ("authorization_code pkce=plain", "ask_to_authorize"),
    ("authorization_code pkce=plain", "redeem_code"),
    ("authorization_code pkce=off", "redeem_code"),
    ("authorization_code client_auth=post", "redeem_code"),
    ("authorization_code token=opaque", "fetch_photos"),
    ("client_credentials client_auth=post", "ask_for_token"),
    ("client_credentials bearer=form", "fetch_photos"),
    ("client_credentials bearer=query", "fetch_photos"),
    ("refresh_token client_auth=post", "refresh"),
    ("refresh_token client_auth=post", "give_back"),
]


def run_before(stage: Stage, story: str, name: str) -> Run:
    """A run of that story in which that step can be sent: it comes next, or it was sent within the last one."""
    flow, options = read(story)
    return walked_before(stage, stage.start(flow, options, "me"), name)


def walked_before(stage: Stage, run_id: str, name: str) -> Run:
    """That run, walked on until the step can be sent."""
    run = stage.runs.find(run_id)
    while name not in run.may_be_sent:
        names = [step.name for step in run.next_steps]
        chosen = "deny" if name == "hear_no" and "deny" in names else names[0]
        run = stage.send(run.id, chosen, len(run.walked))
    return run


class _Undone(Exception):
    pass


@contextmanager
def undone(stage: Stage) -> Iterator[None]:
    """What is done inside is taken back at the end, so that one run serves for many tries."""
    with suppress(_Undone), stage.runs.store.transaction():
        yield
        raise _Undone


def lines_of(run: Run) -> Iterator[Line]:
    """Every line of every message that the walk holds, with the notes that its page shows."""
    for exchange in run.walked:
        step = run.flow.named(exchange.step or "")
        yield from request_lines(exchange.request, step.carries)
        yield from response_lines(exchange.response, step.answers)


def unexplained(run: Run) -> list[Line]:
    """The lines that have no note, where no other line of that kind and name in the run has one."""
    explained = {line.kind + line.key.strip(' ",:') for line in lines_of(run) if line.note or line.value_note}
    lacking = [line for line in lines_of(run) if line.key.strip() and not (line.note or line.value_note)]
    return [line for line in lacking if line.kind + line.key.strip(' ",:') not in explained]
