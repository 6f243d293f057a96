"""PKCE, Proof Key for Code Exchange (RFC 7636): what a challenge is held to, and the verifier that answers it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from flows.checks import Finding, check, expect, failed, passed

if TYPE_CHECKING:
    from flows.authorization_server.asks import AuthorizeAsk, TokenAsk

NO_CODE = "No code is given, so there is none to tie."
CODE_CHALLENGES = {
    "S256": ("[A-Za-z0-9_-]{43}", "43 characters of base64url"),
    "plain": ("[A-Za-z0-9._~-]{43,128}", "43 to 128 characters of A-Z a-z 0-9 - . _ ~"),
}


def s256(code_verifier: str) -> str:
    """The code_challenge of a verifier: its SHA-256 as base64url without padding (RFC 7636 §4.2)."""
    return urlsafe_b64encode(sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


# /authorize: the challenge.


@check(
    "invalid_request",
    "a client without a secret that sends no `code_challenge`",
    rfc="9700#section-2.1.1",
    defence=True,
    of="code_challenge",
)
def public_client_sends_a_code_challenge(ask: AuthorizeAsk) -> Finding:
    """A public client has no secret to show later, so this is all that will tie the code to it."""
    assert ask.client
    if ask.wants_token:
        return passed(NO_CODE)
    if ask.client.public and "code_challenge" not in ask.query:
        return failed(expected="a code_challenge", got="none, from a client without a secret")
    return passed("It came." if "code_challenge" in ask.query else "None came, and this client has a secret.")


@check(
    "invalid_request",
    "a `code_challenge` that would be the secret itself",
    rfc="7636#section-4.3",
    defence=True,
    of="code_challenge",
)
def code_challenge_method_is_s256(ask: AuthorizeAsk) -> Finding:
    """With `plain`, or with no method, which means `plain`, the challenge is the secret itself, and the browser can
    read it."""
    if ask.wants_token:
        return passed(NO_CODE)
    if "code_challenge" not in ask.query:
        if "code_challenge_method" in ask.query:
            return failed(expected="a code_challenge with its method", got="a method alone")
        return passed("No challenge came.")
    return expect("S256", ask.query.get("code_challenge_method"), "S256.", nothing="no method, which means plain")


@check("invalid_request", "a `code_challenge` that nobody could answer", rfc="7636#section-4.2", of="code_challenge")
def code_challenge_is_well_formed(ask: AuthorizeAsk) -> Finding:
    """A SHA-256 in base64url has 43 characters, and a `plain` challenge is a `code_verifier`. Anything else could never
    be answered."""
    code_challenge, method = ask.query.get("code_challenge"), ask.query.get("code_challenge_method", "plain")
    if ask.wants_token or code_challenge is None:
        return passed()
    if method not in CODE_CHALLENGES:
        return failed(expected=" or ".join(CODE_CHALLENGES), got=method)
    letters, in_words = CODE_CHALLENGES[method]
    return passed() if re.fullmatch(letters, code_challenge) else failed(expected=in_words, got=code_challenge)


# /token: the verifier.


@check(
    "invalid_request",
    "a `code_verifier` that is too short, too long or no such text",
    rfc="7636#section-4.1",
    of="code_verifier",
)
def code_verifier_is_well_formed(ask: TokenAsk) -> Finding:
    """A shorter secret could be found by trying: its hash has been through the browser."""
    code_verifier = ask.form.get("code_verifier")
    if code_verifier is None or re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", code_verifier):
        return passed("43 to 128 characters." if code_verifier else "None came.")
    return failed(expected="43 to 128 characters of A-Z a-z 0-9 - . _ ~", got=code_verifier)


@check(
    "invalid_grant",
    "a `code_verifier` that is missing or wrong",
    rfc="7636#section-4.6",
    defence=True,
    of="code_verifier code_challenge",
)
def code_verifier_matches(ask: TokenAsk) -> Finding:
    """Only the client that started this flow knows the secret behind the `code_challenge` it sent."""
    code_verifier = ask.form.get("code_verifier")
    if ask.code.code_challenge is None:
        return expect(None, code_verifier, "No challenge was made, and none is answered.", nothing="no code_verifier")
    if code_verifier is None:
        return failed(expected=ask.code.code_challenge, got="no code_verifier in the form")
    if ask.code.code_challenge_method == "plain":
        return expect(ask.code.code_challenge, code_verifier, "It is the code_challenge itself.")
    return expect(ask.code.code_challenge, s256(code_verifier), "Its SHA-256 is the code_challenge.")
