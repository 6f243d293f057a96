"""Calls to the API, to be laid side by side: who calls, with what token, shown where. Each is really sent.

They are attempts at one step of three ordinary walks of the code flow: Alice lets the client look, Alice lets it add
too, and the Hatter, who is a guest in her album, lets it add what he himself may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flows import wire
from flows.edit import Edit, Edits, once_more, without
from flows.recordings import keep
from flows.run import Exchange, Run
from flows.scenes import in_a_form, in_the_address, one_letter
from flows.stage import Stage

FLOW = "authorization_code"
READ, WRITE = "photos.read", "photos.read photos.write"


@dataclass(frozen=True)
class Walk:
    """A walk up to its token: who logs in, and what is asked."""

    name: str
    username: str
    password: str
    scope: str

    def edits(self, step: str) -> list[Edit]:
        if step == "ask_to_authorize" and self.scope != READ:
            return [Edit("query", "scope", self.scope)]
        if step == "log_in" and self.username != "alice":
            return [Edit("form", "username", self.username), Edit("form", "password", self.password)]
        return []


ALICE_READS = Walk("alice reads", "alice", "wonderland", READ)
ALICE_WRITES = Walk("alice writes", "alice", "wonderland", WRITE)
HATTER_WRITES = Walk("the hatter writes", "hatter", "teatime", WRITE)


@dataclass(frozen=True)
class Call:
    """One call: its title, whose token it has, how it differs from the usual one, how many seconds late it comes."""

    name: str
    title: str
    walk: Walk
    edits: Edits
    later: int = 0


def add_a_photo(prepared: wire.Request) -> list[Edit]:
    """POST in place of GET, with a photo as JSON."""
    body = '{"title": "The tea table"}'
    raw = prepared.raw().decode("latin-1").replace("GET ", "POST ", 1)
    head = raw.rstrip("\r\n") + f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return [Edit("raw", "", head + body)]


def in_two_places(prepared: wire.Request) -> list[Edit]:
    """The token in the header, and once more in the address."""
    return [edit for edit in in_the_address(prepared) if edit.where == "query"]


CALLS = {
    call.name: call
    for call in (
        Call("header", "In the header", ALICE_READS, once_more),
        Call("form", "In a form", ALICE_READS, in_a_form),
        Call("address", "In the address", ALICE_READS, in_the_address),
        Call("twice", "In the header and in the address", ALICE_READS, in_two_places),
        Call("nobody", "No token", ALICE_READS, without("header", "Authorization")),
        Call("broken", "A token with one letter changed", ALICE_READS, one_letter),
        Call("scope", "A token that allows less", ALICE_READS, add_a_photo),
        Call("person", "A person who may do less", HATTER_WRITES, add_a_photo),
        Call("adds", "A token and a person that allow it", ALICE_WRITES, add_a_photo),
        Call("expired", "A token that is over", ALICE_READS, once_more, later=600),
    )
}


def called(stage: Stage) -> dict[str, tuple[Run, Exchange]]:
    """Every call that was sent, by its name, with the run that it stands in. Made once, and kept like any run."""
    found: dict[str, tuple[Run, Exchange]] = {}
    for walk in (ALICE_READS, ALICE_WRITES, HATTER_WRITES):
        calls = [call for call in CALLS.values() if call.walk is walk]
        what = f"{walk.name}: {', '.join(call.name for call in calls)}"
        run = keep(stage, what, partial(_walk, stage, walk, calls))
        sent = run.walked[-len(calls) :]
        found |= {call.name: (run, exchange) for call, exchange in zip(calls, sent, strict=True)}
    return {name: found[name] for name in CALLS}


def _walk(stage: Stage, walk: Walk, calls: Sequence[Call], owner: str) -> str:
    name = stage.start(FLOW, {}, owner, shared=True)
    run = stage.runs.find(name)
    while not any(each.step == "redeem_code" for each in run.walked):
        step = run.next_steps[0]
        run = stage.send(name, step.name, len(run.walked), walk.edits(step.name))
    for call in calls:
        if call.later:
            stage.runs.move_clock(name, call.later)
            run = stage.runs.find(name)
        prepared = stage.prepare(run, run.flow.named("fetch_photos"))
        run = stage.send(name, "fetch_photos", len(run.walked), call.edits(prepared))
    return name
