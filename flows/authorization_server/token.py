"""/token: who asks, for which grant, and the access token that comes of it (RFC 6749 §3.2, RFC 9068)."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, jsonify, make_response, request
from sqlalchemy import update

from flows.asked import body_is_a_form, no_parameter_is_repeated, parameters_are_text
from flows.authorization_server.asks import TokenAsk
from flows.checks import Finding, Refusal, check, decide, expect, failed, passed
from flows.grants.authorization_code import REDEEM_CODE, code_has_not_expired, spend_code
from flows.realm import Fresh
from flows.store import access_tokens, families
from flows.tokens import jws

token = Blueprint("token", __name__)

GRANTS = {"authorization_code": REDEEM_CODE}


@check("invalid_request", "secrets in the address", rfc="6749#section-2.3.1")
def nothing_comes_in_the_address(ask: TokenAsk) -> Finding:
    """Addresses are written to logs, and this request carries secrets. They belong in the body."""
    return failed(expected="no query", got="parameters in the address") if ask.query_text else passed()


@check("invalid_request", "two proofs of who is asking", rfc="6749#section-2.3", of="client_secret")
def client_authenticates_in_one_way(ask: TokenAsk) -> Finding:
    """Two proofs of who is asking could name two clients, so there must be only one."""
    if ask.authorization and "client_secret" in ask.form:
        return failed(expected="the header or the form", got="an Authorization header and a client_secret in the form")
    return passed()


@check("invalid_request", "two names of who is asking", rfc="6749#section-2.3.1")
def client_id_is_the_same_everywhere(ask: TokenAsk) -> Finding:
    """If the form names another client than the header, one of the two is wrong, and guessing which would be worse."""
    named = ask.form.get("client_id")
    if ask.basic is None or named is None:
        return passed()
    return expect(ask.basic[0], named, "Header and form agree.")


@check(
    "invalid_client", "a client that does not prove who it is", rfc="6749#section-2.3.1", status=401, of="client_secret"
)
def client_is_authenticated(ask: TokenAsk) -> Finding:
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
        return failed(expected=" or ".join(ask.client.grant_types), got=asked)
    return passed(f"{ask.client_id} is registered for it.")


WHO_ASKS_FOR_A_TOKEN = [
    body_is_a_form,
    parameters_are_text,
    no_parameter_is_repeated,
    nothing_comes_in_the_address,
    client_authenticates_in_one_way,
    client_id_is_the_same_everywhere,
    client_is_authenticated,
    grant_type_is_there,
    grant_type_is_supported,
    client_may_use_this_grant,
]


@token.post("/token")
def give_token() -> Response:
    """Run the lists; a token where they pass, an error as RFC 6749 §5.2 wants it where one refuses."""
    ask = TokenAsk(request)
    grant = GRANTS.get(ask.form.get("grant_type", ""), [])
    with ask.realm.store.transaction():
        refused = decide([*WHO_ASKS_FOR_A_TOKEN, *grant], ask)
        if refused:
            _revoke_if_replayed(ask, refused)
            return _error(refused)
        return _answer(200, _issue(ask))


def _issue(ask: TokenAsk) -> dict[str, object]:
    """An access token as RFC 9068 has it, and what RFC 6749 §5.1 says beside it."""
    assert ask.client
    realm, now, lifetime = ask.realm, ask.realm.now(), ask.client.token_lifetime
    jti = Fresh(realm, ask.environ)("jti")
    with realm.store.transaction() as connection:
        row = {"realm": realm.name, "jti": jti, "family": ask.code.family, "expires_at": now + lifetime}
        connection.execute(access_tokens.insert(), row)
    claims = {
        "iss": realm.issuer,
        "sub": ask.code.username,
        "aud": realm.audience,
        "client_id": ask.client_id,
        "scope": ask.code.scope,
        "iat": now,
        "exp": now + lifetime,
        "jti": jti,
    }
    signing = realm.signing_keys[0]
    access_token = jws.sign(claims, signing.key, alg=signing.alg, kid=signing.kid, typ="at+jwt")
    return {"access_token": access_token, "token_type": "Bearer", "expires_in": lifetime, "scope": ask.code.scope}


def _revoke_if_replayed(ask: TokenAsk, refused: Refusal) -> None:
    """A code shown again by the client it belongs to: one of the two had it stolen, so what it gave is revoked
    (§4.1.2).

    Only after the client and its code_verifier were found right: anybody else who saw the code could revoke by
    showing it.
    """
    replayed = refused.check is spend_code or (refused.check is code_has_not_expired and ask.code.used_at is not None)
    if not replayed:
        return
    family = update(families).where(families.c.realm == ask.realm.name, families.c.id == ask.code.family)
    with ask.realm.store.transaction() as connection:
        connection.execute(family.where(families.c.revoked_at.is_(None)).values(revoked_at=ask.realm.now()))


def _error(refused: Refusal) -> Response:
    """What went wrong is told in one of the RFC's words. Which half of a guess was right is not told."""
    answer = _answer(refused.check.status, {"error": refused.check.error})
    if refused.check.status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Snapbox accounts", charset="UTF-8"'
    return answer


def _answer(status: int, body: dict[str, object]) -> Response:
    answer = make_response(jsonify(body), status)
    answer.headers["Pragma"] = "no-cache"
    return answer
