"""One note of the glossary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A note on one line: names in `backticks` are spelled as on the wire; `spec` is a citation (flows.sections)."""

    says: str
    spec: str
