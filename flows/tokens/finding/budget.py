"""What may still be spent on one text, over all that it holds: a thousand small costs are a large one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Budget:
    """Each number is what is left; once one is below zero, no more is looked at."""

    gathered: int = 5_000_000  # characters gathered as tokens, again where tokens begin within one another
    xml: int = 2_000_000  # bytes of SAML, inflated where it was deflated
    elements: int = 30_000  # of the XML

    @property
    def is_spent(self) -> bool:
        return min(self.gathered, self.xml, self.elements) < 0
