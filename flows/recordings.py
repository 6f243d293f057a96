"""Recordings: walks that pages show beside each other. Each is made once, when asked for, and kept like any run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from sqlalchemy import select

from flows.flow import Flow
from flows.realm import sandbox
from flows.run import Run
from flows.runs import hash_of
from flows.stage import Stage
from flows.store import realms, runs

Key = tuple[str, tuple[tuple[str, str], ...]]


def recordings(stage: Stage, flows: Iterable[Flow]) -> list[Run]:
    """A walk of each of these flows to its end, always by the first choice, under the options that it is under.

    What is kept is used again; only what is missing, or was forgotten, is walked now.
    """
    kept = _kept(stage)
    return [_find(stage, kept.get(_key(flow))) or _record(stage, flow) for flow in flows]


def own_story(run: Run) -> Run:
    """The run without what went before its flow's own story, and without what came to it from outside."""
    before = run.flow.number(run.flow.prologue) if run.flow.prologue else 0
    own = tuple(each for each in run.walked if run.flow.number(each.step or "") > before)
    return replace(run, exchanges=own)


def owner(stage: Stage) -> str:
    """Whose they are: nobody's who sends a cookie, since nobody can guess it."""
    return sandbox(stage.runs.store).derive("recordings")


def _key(flow: Flow) -> Key:
    return flow.name, tuple(sorted(flow.chosen.items()))


def _kept(stage: Stage) -> dict[Key, str]:
    """Flow and options → the id of the latest recording, of those whose realm has the address that is served now."""
    mine = (
        select(runs.c.id, runs.c.flow, runs.c.options)
        .join(realms, realms.c.name == runs.c.realm)
        .where(runs.c.owner == hash_of(owner(stage)), realms.c.authority == stage.runs.authority)
        .order_by(runs.c.made_at)
    )
    with stage.runs.store.reading() as connection:
        return {(row.flow, tuple(sorted(row.options.items()))): row.id for row in connection.execute(mine)}


def _find(stage: Stage, run_id: str | None) -> Run | None:
    """The recording with that id; None where it is gone, or tells a story that has changed since."""
    if run_id is None:
        return None
    try:
        run = stage.runs.find(run_id)
    except LookupError:
        return None
    told = all(run.flow.has(each.step or "") for each in run.walked)
    return run if told and run.walked and not run.next_steps else None


def _record(stage: Stage, flow: Flow) -> Run:
    """Walk a flow now. One transaction: nobody finds half a walk, and of two who need the same one makes it."""
    with stage.runs.store.transaction():
        made = _find(stage, _kept(stage).get(_key(flow)))
        if made:
            return made
        run = stage.runs.find(stage.start(flow.name, flow.chosen, owner(stage), shared=True))
        while run.next_steps:
            run = stage.send(run.id, run.next_steps[0].name, len(run.walked))
    return stage.runs.remember(run)


def keep(stage: Stage, what: str, make: Callable[[str], str]) -> Run:
    """The run that is kept under that name; `make` makes one for the owner it is given, and returns its id."""
    mine = sandbox(stage.runs.store).derive("recordings", what)

    def kept() -> Run | None:
        run = stage.runs.last_of(mine)
        return run if run and run.realm.authority == stage.runs.authority else None

    if run := kept():
        return run
    with stage.runs.store.transaction():
        return kept() or stage.runs.find(make(mine))
