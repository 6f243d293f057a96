"""Flow, step, option and way: what can be walked, before anybody walks it. No Flask import."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flows import wire
from flows.edit import Edits, once_more

if TYPE_CHECKING:
    from flows.seen import Seen

Chosen = Mapping[str, str]  # option → choice
Asking = Callable[[Chosen], str]


@dataclass(frozen=True)
class Option:
    """Something about a flow that can be chosen: `choices` are value → words, the usual one first.

    It means something only under the choices in `only`.
    """

    name: str
    title: str
    choices: Mapping[str, str]
    only: Chosen = field(default_factory=dict)

    @property
    def usual(self) -> str:
        return next(iter(self.choices))


@dataclass(frozen=True)
class Step:
    """One request of a flow; the docstring of `prepare` is its reason, shown to learners.

    `at` is the path on the receiver that it meets. `counts` is "request" or "final" where the RFC counts it among the
    flow's messages, and "" for what happens around them. `label` stands on its arrow, `button` on what sends it. A step
    `instead_of` another has its number; one that `hears` a parameter is meant where the address that leads to it has
    one. `carries` and `answers` name the glossary's kinds for the parameters it sends and for those that come back.
    `when` are the choices under which it is there. `later` are the seconds that pass before it. `refused_by` names the
    check, or "one|another", that refuses it in the story itself. A step that is `within` another is sent by its
    receiver before that one is answered.
    """

    name: str
    title: str
    label: str
    button: str
    sender: str
    receiver: str
    at: str
    rfc: str
    prepare: Callable[[Seen], wire.Request]
    counts: str = ""
    carries: str = ""
    answers: str = ""
    instead_of: str = ""
    hears: str = ""
    ends: bool = False
    when: Chosen = field(default_factory=dict)
    later: int = 0
    refused_by: str = ""
    within: str = ""
    told: str = ""

    @property
    def reason(self) -> str:
        """Why it is sent: what is told under the options that were chosen, or the docstring."""
        return self.told or inspect.cleandoc(self.prepare.__doc__ or "")

    def is_refused_by(self, check: str) -> bool:
        """Whether that check refuses it in the story itself."""
        return check in self.refused_by.split("|")

    @property
    def channel(self) -> str:
        """Who can read the message on its way, in words."""
        if self.sender == "outside":
            return "nobody in the story sent this"
        if self.carries.startswith("authorization re"):
            return "front channel: through the browser, where it can be read and changed"
        if self.sender == "script":
            return "from a script in the browser: whatever else runs in that page can read it"
        if self.sender != "browser":
            return "back channel: the browser never sees it"
        return "between the browser and this server only"


@dataclass(frozen=True)
class Way:
    """One way to break a step: what is changed, and what that tries. Without edits it is sent once more as it is."""

    name: str
    tries: str
    edits: Edits
    when: Chosen = field(default_factory=dict)

    @property
    def repeats(self) -> bool:
        """Whether it tries the same once more, which makes sense only after a first time."""
        return self.edits is once_more


def _nothing(_: Chosen) -> Collection[str]:
    return ()


@dataclass(frozen=True)
class Flow:
    """The steps of one grant, what it is for, and when not to use it.

    `deprecated` is the RFC's own verb, "" where it has none, and `deprecated_by` its section. `acts_as` names the
    client_id, and `cast` who plays the client, under the options that were chosen; `defences_off` names the checks that
    do not stand then. `titled` gives another title under some options.
    `prologue` is the step up to which a run has been walked when it begins. `chosen` are the options
    that this flow is under.
    """

    name: str
    title: str
    group: str
    purpose: str
    not_for: str
    rfcs: tuple[str, ...]
    acts_as: Asking
    cast: Asking
    options: tuple[Option, ...] = ()
    deprecated: str = ""
    deprecated_by: str = ""
    prologue: str = ""
    titled: Asking | None = None
    defences_off: Callable[[Chosen], Collection[str]] = _nothing
    chosen: Chosen = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    tellings: dict[str, list[tuple[Chosen, str]]] = field(default_factory=dict)
    ways: dict[str, tuple[Way, ...]] = field(default_factory=dict)
    _under: dict[tuple[tuple[str, str], ...], Flow] = field(default_factory=dict, repr=False, compare=False)

    def break_it(self, step: Step, *ways: Way) -> None:
        """Name the ways to break a step, where the step is written."""
        self.ways[step.name] = ways

    def step(self, title: str, **more: Any) -> Callable[[Callable[[Seen], wire.Request]], Step]:
        """Add a step; the decorated function prepares its request, and names it where no `name` is given."""

        def add(prepare: Callable[[Seen], wire.Request]) -> Step:
            made = Step(more.pop("name", prepare.__name__), title, prepare=prepare, **more)
            self.steps.append(made)
            return made

        return add

    def tell(self, step: Step, when: Chosen, says: str) -> None:
        """Give a step another reason under these choices, where its docstring would not be true."""
        self.tellings.setdefault(step.name, []).append((when, " ".join(says.split())))

    def choose(self, options: Chosen) -> dict[str, str]:
        """Every option that means something, with what was chosen or its usual choice; ValueError for a choice that
        there is not."""
        made: dict[str, str] = {}
        for option in self.options:
            if not _fits(option.only, made):
                continue
            made[option.name] = options.get(option.name, option.usual)
            if made[option.name] not in option.choices:
                says = f"{option.name} must be one of {', '.join(option.choices)}"
                raise ValueError(f"{says}, and not {made[option.name][:40]!r}")
        return made

    def under(self, options: Chosen) -> Flow:
        """The flow as these options make it: its steps and its ways."""
        chosen = self.choose(options)
        key = tuple(chosen.items())
        if key not in self._under:
            steps = [self._told(step, chosen) for step in self.steps if _fits(step.when, chosen)]
            names = {step.name for step in steps}
            ways = {
                name: tuple(way for way in ways if _fits(way.when, chosen))
                for name, ways in self.ways.items()
                if name in names
            }
            title = self.titled(chosen) if self.titled else self.title
            self._under[key] = replace(self, title=title, chosen=chosen, steps=steps, ways=ways, _under={})
        return self._under[key]

    def _told(self, step: Step, chosen: Chosen) -> Step:
        says = next((says for when, says in self.tellings.get(step.name, ()) if _fits(when, chosen)), "")
        return replace(step, told=says) if says else step

    @property
    def client_id(self) -> str:
        return self.acts_as(self.chosen)

    @property
    def client_name(self) -> str:
        """Who plays the client: "PhotoPrint"."""
        return self.cast(self.chosen)

    @cached_property
    def client_party(self) -> str:
        """The party that speaks for the client: a server or program of its own, or a script in the browser."""
        return "script" if any(step.sender == "script" for step in self.steps) else "client"

    @cached_property
    def client_has_server(self) -> bool:
        """Whether anybody sends requests to the client."""
        return any(step.receiver == "client" for step in self.steps)

    @cached_property
    def parties(self) -> tuple[str, ...]:
        """Those that take part, from left to right."""
        order = ("browser", "script", "client", "authorization_server", "resource_server")
        speak = {party for step in self.steps for party in (step.sender, step.receiver)}
        return tuple(party for party in order if party in speak)

    @cached_property
    def main_line(self) -> list[Step]:
        """The steps without those that stand in for another."""
        return [step for step in self.steps if not step.instead_of]

    @cached_property
    def own_line(self) -> list[Step]:
        """The main line without the prologue, which is walked when a run begins."""
        return self.main_line[self.number(self.prologue) if self.prologue else 0 :]

    @cached_property
    def _by_name(self) -> dict[str, tuple[int, Step]]:
        places = {step.name: place for place, step in enumerate(self.main_line, 1)}
        return {step.name: (places[step.instead_of or step.name], step) for step in self.steps}

    def number(self, name: str) -> int:
        """The place of a step in the story, from 1; one that stands in for another shares its number."""
        return self._by_name[name][0]

    def named(self, name: str) -> Step:
        return self._by_name[name][1]

    def has(self, name: str) -> bool:
        return name in self._by_name

    @cached_property
    def counts(self) -> tuple[int, int]:
        """Messages as the RFC counts them: requests, and final ones that use what they gave; without the prologue."""
        kinds = [step.counts for step in self.own_line]
        return kinds.count("request"), kinds.count("final")


def _fits(when: Chosen, chosen: Chosen) -> bool:
    """Whether these choices were made; "a|b" is either."""
    return all(chosen.get(name) in wanted.split("|") for name, wanted in when.items())
