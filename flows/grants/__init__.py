"""The shelf: one file is one flow, top to bottom like a play. The order here is the order on the home page."""

from __future__ import annotations

from flows.flow import Flow
from flows.grants import authorization_code, client_credentials, implicit, password, refresh_token

FLOWS: dict[str, Flow] = {
    flow.name: flow
    for flow in (
        authorization_code.flow,
        implicit.flow,
        client_credentials.flow,
        refresh_token.flow,
        password.flow,
    )
}
