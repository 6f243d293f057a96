"""Scopes that are asked for at the token endpoint, where no authorization request went before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows import story
from flows.checks import Finding, check, failed, passed

if TYPE_CHECKING:
    from flows.authorization_server.asks import TokenAsk


@check("invalid_scope", "a scope that this server does not know", rfc="6749#section-3.3")
def scope_can_be_granted(ask: TokenAsk) -> Finding:
    """A token can only allow what the server has a name for."""
    unknown = [name for name in ask.scope.split(" ") if name not in story.SCOPES]
    if unknown:
        return failed(expected=" ".join(story.SCOPES), got=ask.scope)
    return passed(ask.scope if "scope" in ask.form else f"None was named, so {ask.scope}.")
