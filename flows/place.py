"""Which party of which realm an address means, by host or by path.

`auth.localhost/REALM/…` and `/auth/REALM/…` are the same party.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.realm import HOSTS, WELL_KNOWN

PARTY_OF = {host: party for party, host in HOSTS.items()}


@dataclass(frozen=True)
class Place:
    """A party, the realm's name, and how WSGI splits the path: what led here, and what is left for the party."""

    party: str
    realm: str
    script_name: str
    path_info: str


def find_place(environ: Mapping[str, Any]) -> Place | None:
    """Where a request is for; None for a page of ours."""
    label, _, domain = str(environ.get("HTTP_HOST", "")).lower().partition(".")
    path: str = environ["PATH_INFO"]
    prefix = "" if label in PARTY_OF and domain.split(":")[0] == "localhost" else "/"
    well_known = path.startswith(WELL_KNOWN + "/")
    inner = path[len(WELL_KNOWN) :] if well_known else path
    if prefix:
        label, _, inner = inner[1:].partition("/")
        inner = "/" + inner
        prefix = "/" + label
    if label not in PARTY_OF or inner.startswith("/static/") or inner == "/favicon.ico":
        return None
    name, slash, rest = inner[1:].partition("/")
    if not well_known:
        return Place(PARTY_OF[label], name, f"{prefix}/{name}", slash + rest)
    if slash or label != "auth":
        name = ""  # the RFC's own place is for an issuer, and this is none
    return Place(PARTY_OF[label], name, f"{prefix}/{name}", WELL_KNOWN)
