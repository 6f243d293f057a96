"""The shelf: one file is one flow, top to bottom like a play. The order here is the order on the home page."""

from __future__ import annotations

from flows.grants import authorization_code
from flows.run import Flow

FLOWS: dict[str, Flow] = {flow.name: flow for flow in (authorization_code.flow,)}
