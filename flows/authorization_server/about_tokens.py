"""/introspect, where an API asks about a token (RFC 7662), and /revoke, where a client gives one back (RFC 7009)."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy import update

from flows.authorization_server.asks import AboutTokenAsk
from flows.authorization_server.token import revoke
from flows.authorization_server.who_asks import WHO_ASKS_BEHIND_THE_BROWSER, answer, error
from flows.checks import Finding, check, decide, failed, passed
from flows.party import nothing
from flows.store import access_tokens

about_tokens = Blueprint("about_tokens", __name__)


@check("invalid_request", "a request that names no token", rfc="7662#section-2.1", of="access_token refresh_token")
def token_is_named(ask: AboutTokenAsk) -> Finding:
    """The question is about one token, so it has to be there."""
    return passed() if ask.form.get("token") else failed(expected="token", got="nothing")


# /introspect.


@check(
    "unauthorized_client", "somebody who is no API", rfc="7662#section-2.1", status=403, of="access_token refresh_token"
)
def caller_is_an_api(ask: AboutTokenAsk) -> Finding:
    """Whoever may ask about tokens can try out stolen or invented ones, so only Snapbox’s own APIs may."""
    assert ask.client
    if not ask.client.introspects:
        return failed(expected="one of Snapbox’s APIs", got=ask.client.client_id)
    return passed(f"This is {ask.client.name}.")


ASK_ABOUT_TOKEN = [*WHO_ASKS_BEHIND_THE_BROWSER, caller_is_an_api, token_is_named]

# Whether it is still good. A no is no error here: the answer is 200, and says nothing but that (RFC 7662 §2.2).


@check("", "a token that this server never gave", rfc="7662#section-2.2", status=200, of="access_token")
def token_was_given_here(ask: AboutTokenAsk) -> Finding:
    """An invented token, or one of another server, is not active here, and nothing more is told about it. Nor is a
    refresh token, which no API should ever see."""
    if ask.access_token is None:
        return failed(expected="an access token that this server gave", got="one that it does not know")
    return passed(f"It was given to {ask.access_token.client_id}.")


@check("", "a token whose time is over", rfc="7662#section-4", status=200, of="access_token")
def token_is_in_its_time(ask: AboutTokenAsk) -> Finding:
    """The server that set the time knows best when it is over."""
    left = ask.access_token.expires_at - ask.realm.now()
    if left <= 0:
        return failed(expected="a time that is still to come", got=f"one {-left} s ago")
    return passed(f"Good for {left} s more.")


@check("", "a token that was taken back", rfc="7662#section-4", status=200, of="access_token")
def token_still_stands(ask: AboutTokenAsk) -> Finding:
    """This is what asking is for: a token that was revoked a second ago is no longer active, and the API hears of
    it."""
    if ask.access_token.revoked_at or ask.access_token.family_revoked_at:
        return failed(expected="a token that nobody took back", got="one that was")
    return passed("It still stands.")


STILL_ACTIVE = [token_was_given_here, token_is_in_its_time, token_still_stands]


@about_tokens.post("/introspect")
def introspect() -> Response:
    """What the token allows, or only that it is not active (RFC 7662 §2.2)."""
    ask = AboutTokenAsk(request)
    with ask.realm.store.transaction():  # guesses at a secret are counted one after the other
        if refused := decide(ASK_ABOUT_TOKEN, ask):
            return error(ask, refused)
    if decide(STILL_ACTIVE, ask):
        return answer(200, {"active": False})
    its = ask.access_token
    said = {
        "active": True,
        "scope": its.scope,
        "client_id": its.client_id,
        "token_type": "Bearer",
        "exp": its.expires_at,
        "iat": its.issued_at,
        "sub": its.sub,
        "aud": ask.realm.audience,
        "iss": ask.realm.issuer,
    }
    return answer(200, said)


# /revoke.


@check(
    "invalid_grant", "a token of another client", rfc="7009#section-2.1", of="access_token refresh_token", defence=True
)
def token_belongs_to_client(ask: AboutTokenAsk) -> Finding:
    """Otherwise one client could end the work of all others."""
    if ask.about is None:
        return passed("No such token: then there is nothing to take back, and that is no error.")
    if ask.about.client_id != ask.client_id:
        return failed(expected=f"a token of {ask.client_id}", got=f"one of {ask.about.client_id}")
    return passed("It was given to this client.")


@check("invalid_request", "a request that gives back nothing", rfc="7009#section-2.1", of="access_token refresh_token")
def token_to_give_back_is_named(ask: AboutTokenAsk) -> Finding:
    """The server has to know which token is to end."""
    return passed() if ask.form.get("token") else failed(expected="token", got="nothing")


GIVE_BACK = [*WHO_ASKS_BEHIND_THE_BROWSER, token_to_give_back_is_named, token_belongs_to_client]


@about_tokens.post("/revoke")
def give_back() -> Response:
    """A refresh token takes all of its family with it, an access token only itself (RFC 7009 §2.1)."""
    ask = AboutTokenAsk(request)
    with ask.realm.store.transaction() as connection:
        if refused := decide(GIVE_BACK, ask):
            return error(ask, refused)
        if ask.refresh_token:
            revoke(ask.realm, ask.refresh_token.family)
        elif ask.access_token:
            this = (access_tokens.c.realm == ask.realm.name) & (access_tokens.c.jti == ask.access_token.jti)
            connection.execute(update(access_tokens).where(this).values(revoked_at=ask.realm.now()))
    return nothing(200)
