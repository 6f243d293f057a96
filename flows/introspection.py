"""How an API asks the authorization server about a token that says nothing by itself (RFC 7662 §2.1)."""

from __future__ import annotations

from typing import Any

from flows import wire
from flows.story import Client


def introspection_request(metadata: dict[str, Any], api: Client, token: str) -> wire.Request:
    """The question: the token in a form, and the API's own credentials, or anybody could try out tokens here."""
    return wire.post(
        metadata["introspection_endpoint"],
        {"token": token, "token_type_hint": "access_token"},
        ("Accept", "application/json"),
        wire.basic(api.client_id, api.secret or ""),
    )
