"""Looks a citation up in tests/spec/sections.json, for every test that holds a citation to account."""

import json
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parent / "spec"
SPECIFICATIONS: dict[str, dict[str, Any]] = json.loads((SPEC / "sections.json").read_text())
REGISTRIES: dict[str, list[dict[str, Any]]] = json.loads((SPEC / "registries.json").read_text())


def heading(citation: str) -> str:
    """The heading of the section that is cited; KeyError where there is no such section.

    Three forms: `6749#section-4.1.1`, `7636#appendix-B` and, by anchor, `fetch#http-responses`.
    """
    spec, _, place = citation.partition("#")
    specification = SPECIFICATIONS[spec]
    kind, _, number = place.partition("-")
    if (kind == "section" and number[:1].isdigit()) or (kind == "appendix" and number[:1].isalpha()):
        found: str = specification["sections"][number]
    else:
        found = specification["sections"][specification.get("anchors", {})[place]]
    return found
