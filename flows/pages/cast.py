"""Who plays in a flow, as its pages name them."""

from __future__ import annotations

from functools import lru_cache

from flows.flow import Flow
from flows.story import PARTIES

OUTSIDE = ("From outside", "a pasted command, another tab")

Cast = dict[str, tuple[str, str]]


def cast(flow: Flow) -> Cast:
    """Party → its name and who plays it, from left to right; and whoever sends something from outside."""
    return _cast(flow.parties, flow.client_name)


@lru_cache(maxsize=64)
def _cast(parties: tuple[str, ...], client_name: str) -> Cast:
    made = {party: PARTIES[party] for party in PARTIES if party in parties}
    if "client" in made:
        made["client"] = ("Client’s server" if "script" in made else "Client", client_name)
    if "script" in made:
        made["script"] = ("Client’s script", "in her browser")
    return {**PARTIES, **made, "outside": OUTSIDE}


def the(party: str) -> str:
    """A party as it is named within a sentence."""
    named = {
        "browser": "Alice’s browser",
        "script": "the client’s script",
        "resource_server": "the photos API",
        "outside": "whoever sent it",
    }
    return named.get(party) or f"the {PARTIES[party][0].lower()}"
