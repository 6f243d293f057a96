"""One note of the glossary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A note on one line: names in `backticks` are spelled as on the wire; `spec` is a citation (flows.sections).

    `short` says the same in about four words, for tables where there is no room; "" where no table needs it.
    """

    says: str
    spec: str
    short: str = ""
