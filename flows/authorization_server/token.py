"""/token: who asks, for which grant, and the tokens that come of it (RFC 6749 §3.2)."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy import update

from flows.authorization_server.asks import TokenAsk
from flows.authorization_server.guesses import seconds_to_wait, was_wrong
from flows.authorization_server.issue import give_tokens
from flows.authorization_server.passwords import account_may_be_tried, account_of
from flows.authorization_server.who_asks import WHO_ASKS_BEHIND_THE_BROWSER, answer, error
from flows.checks import Finding, Refusal, check, decide, failed, passed
from flows.grants import authorization_code, client_credentials, password, refresh_token
from flows.realm import Fresh, Realm
from flows.store import families

token = Blueprint("token", __name__)

# What each grant is held to, and what it gives. The implicit grant never comes here.
GRANTS = {
    "authorization_code": (authorization_code.REDEEM_CODE, authorization_code.given),
    "password": (password.USE_PASSWORD, password.given),
    "client_credentials": (client_credentials.USE_CREDENTIALS, client_credentials.given),
    "refresh_token": (refresh_token.REFRESH, refresh_token.given),
}


@check("invalid_request", "a request that names no grant", rfc="6749#section-5.2")
def grant_type_is_there(ask: TokenAsk) -> Finding:
    """It says what the client brings in exchange for a token."""
    return passed() if "grant_type" in ask.form else failed(expected="grant_type", got="nothing")


@check("unsupported_grant_type", "a grant that this server does not offer", rfc="6749#section-5.2")
def grant_type_is_supported(ask: TokenAsk) -> Finding:
    """A server offers the grants that its clients need, and no others."""
    asked = ask.form["grant_type"]
    return passed(f"{asked} is offered here.") if asked in GRANTS else failed(expected=" or ".join(GRANTS), got=asked)


@check("unauthorized_client", "a grant that this client is not registered for", rfc="6749#section-5.2")
def client_may_use_this_grant(ask: TokenAsk) -> Finding:
    """A client is registered for the grants it needs, so that a stolen secret is good for little else."""
    assert ask.client
    asked = ask.form["grant_type"]
    if asked not in ask.client.grant_types:
        return failed(expected=" or ".join(ask.client.grant_types) or "no grant", got=asked)
    return passed(f"{ask.client_id} is registered for it.")


WHO_ASKS_FOR_A_TOKEN = [
    *WHO_ASKS_BEHIND_THE_BROWSER,
    grant_type_is_there,
    grant_type_is_supported,
    client_may_use_this_grant,
]


@token.post("/token")
def give_token() -> Response:
    """Run the lists; tokens where they pass, an error as RFC 6749 §5.2 wants it where one refuses."""
    ask = TokenAsk(request)
    grant_type = ask.form.get("grant_type", "")
    checks, given = GRANTS.get(grant_type, ([], None))
    with ask.realm.store.transaction():
        refused = decide([*WHO_ASKS_FOR_A_TOKEN, *checks], ask)
        if refused or given is None:
            assert refused
            return _refuse(ask, refused)
        assert ask.client
        fresh = Fresh(ask.realm, ask.environ)
        refresh = grant_type != "client_credentials" and "refresh_token" in ask.client.grant_types
        return answer(200, give_tokens(ask.realm, fresh, ask.client, given(ask, fresh), refresh=refresh))


def _refuse(ask: TokenAsk, refused: Refusal) -> Response:
    """The error, and what follows from it: a replay revokes, a wrong password is counted."""
    if family := _replayed(ask, refused):
        revoke(ask.realm, family)
    made = error(ask, refused)
    if refused.check is password.password_is_right:
        was_wrong(ask.realm, account_of(ask.form))
    if refused.check is account_may_be_tried:
        made.headers["Retry-After"] = str(seconds_to_wait(ask.realm, account_of(ask.form)))
    return made


def _replayed(ask: TokenAsk, refused: Refusal) -> str | None:
    """The family of a code or a refresh token that was used before, shown again by the client it belongs to.

    One of the two who had it has stolen it (RFC 6749 §4.1.2, RFC 9700 §4.14.2). Only after client and code_verifier
    were found right: anybody else who saw a code could revoke by showing it.
    """
    code, refresh, by = authorization_code, refresh_token, refused.check
    if by is code.spend_code or (by is code.code_has_not_expired and ask.code.used_at is not None):
        return str(ask.code.family)
    late = by in (refresh.refresh_token_has_not_expired, refresh.scope_is_no_more_than_before)
    used = late and ask.refresh_token.used_at is not None
    return str(ask.refresh_token.family) if by is refresh.spend_refresh_token or used else None


def revoke(realm: Realm, family: str) -> None:
    """Take back all that came of one yes."""
    mine = update(families).where(families.c.realm == realm.name, families.c.id == family)
    with realm.store.transaction() as connection:
        connection.execute(mine.where(families.c.revoked_at.is_(None)).values(revoked_at=realm.now()))
