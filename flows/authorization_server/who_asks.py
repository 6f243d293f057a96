"""Who asks: how a client, or an API, proves who it is, in the same way at every endpoint that is not for browsers."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import Response, jsonify, make_response

from flows.asked import body_is_a_form, no_parameter_is_repeated, parameters_are_text
from flows.authorization_server.guesses import may_be_tried, seconds_to_wait, was_wrong
from flows.checks import Finding, Refusal, check, expect, failed, passed
from flows.wire import lenient_fields

if TYPE_CHECKING:
    from flows.authorization_server.asks import AboutTokenAsk, TokenAsk


# What a request to these endpoints says in its body; anything else in the address is ignored (RFC 6749 §3.2).
IN_THE_BODY = {
    "client_id", "client_secret", "code", "code_verifier", "grant_type", "password", "redirect_uri", "refresh_token",
    "scope", "token", "username",
}  # fmt: skip


@check("invalid_request", "secrets in the address", rfc="6749#section-2.3.1")
def nothing_comes_in_the_address(ask: TokenAsk | AboutTokenAsk) -> Finding:
    """Addresses are written to logs, and this request carries secrets. They belong in the body."""
    found = sorted({name for name, _ in lenient_fields(ask.query_text)} & IN_THE_BODY)
    return failed(expected="all of it in the body", got=f"in the address: {', '.join(found)}") if found else passed()


@check("invalid_request", "two proofs of who is asking", rfc="6749#section-2.3", of="client_secret")
def client_authenticates_in_one_way(ask: TokenAsk | AboutTokenAsk) -> Finding:
    """Two proofs of who is asking could name two clients, so there must be only one."""
    if ask.authorization and "client_secret" in ask.form:
        return failed(expected="the header or the form", got="an Authorization header and a client_secret in the form")
    return passed()


@check("invalid_request", "two names of who is asking", rfc="6749#section-2.3.1")
def client_id_is_the_same_everywhere(ask: TokenAsk | AboutTokenAsk) -> Finding:
    """If the form names another client than the header, one of the two is wrong, and guessing which would be worse."""
    named = ask.form.get("client_id")
    if ask.basic is None or named is None:
        return passed()
    return expect(ask.basic[0], named, "Header and form agree.")


@check(
    "invalid_client", "too many wrong secrets for one client", rfc="6749#section-2.3.1", status=429, of="client_secret"
)
def client_may_be_tried(ask: TokenAsk | AboutTokenAsk) -> Finding:
    """A secret can be guessed like a password, by a program, day and night. After ten wrong ones in a minute, even the
    right one has to wait."""
    return may_be_tried(ask, f"client_id {ask.client_id}", "client_may_be_tried", "secrets")


@check(
    "invalid_client", "a client that does not prove who it is", rfc="6749#section-2.3.1", status=401, of="client_secret"
)
def client_is_authenticated(ask: TokenAsk | AboutTokenAsk) -> Finding:
    """A token is given to one client. One that can keep a secret proves with it who it is; a public one can only say
    so."""
    if ask.authorization and ask.basic is None:
        return failed(expected="Basic, with a client_id and a secret", got="a header that cannot be read so")
    if ask.client is None:
        return failed(expected="a registered client_id", got=ask.client_id or "no client_id")
    if ask.client.secret is None:
        if ask.client_secret is not None:
            return failed(expected="no secret, from a public client", got="a secret")
        return passed(f"{ask.client_id} is a public client: nothing to prove.")
    if ask.client_secret is None:
        return failed(expected=f"the secret of {ask.client_id}", got="no secret")
    if not hmac.compare_digest(ask.client.secret.encode(), ask.client_secret.encode()):
        return failed(expected=f"the secret of {ask.client_id}", got="another secret")
    return passed(f"This is {ask.client_id}: the secret fits.")


WHO_ASKS_BEHIND_THE_BROWSER = [
    body_is_a_form,
    parameters_are_text,
    no_parameter_is_repeated,
    nothing_comes_in_the_address,
    client_authenticates_in_one_way,
    client_id_is_the_same_everywhere,
    client_may_be_tried,
    client_is_authenticated,
]


def error(ask: TokenAsk | AboutTokenAsk, refused: Refusal) -> Response:
    """What went wrong, in one of the RFC's words (RFC 6749 §5.2). Which half of a guess was right is not told."""
    made = answer(refused.check.status, {"error": refused.check.error})
    account = f"client_id {ask.client_id}"
    if refused.check is client_is_authenticated and ask.client and ask.client_secret is not None:
        was_wrong(ask.realm, account)
    if refused.check is client_may_be_tried:
        made.headers["Retry-After"] = str(seconds_to_wait(ask.realm, account))
    if refused.check.status == 401:
        made.headers["WWW-Authenticate"] = 'Basic realm="Snapbox accounts", charset="UTF-8"'
    return made


def answer(status: int, body: dict[str, object]) -> Response:
    made = make_response(jsonify(body), status)
    made.headers["Pragma"] = "no-cache"
    return made
