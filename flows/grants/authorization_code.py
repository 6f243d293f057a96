"""The authorization code grant with PKCE: how it is walked, and the checks that only it adds to the token endpoint."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import bindparam, update

from flows import wire
from flows.checks import Finding, check, expect, failed, passed
from flows.edit import Edit, once_more, twice, with_other, with_value, without
from flows.run import Flow, NotSeen, Seen, Way
from flows.store import codes

if TYPE_CHECKING:
    from flows.authorization_server.asks import TokenAsk

flow = Flow(
    name="authorization_code",
    title="Authorization code, with PKCE",
    group="A person approves",
    purpose="A web site or an app acts for a person. The one to begin with: a short-lived code travels in the address "
    "bar, the token does not. PKCE, Proof Key for Code Exchange, ties the code to the client that began.",
    not_for="Where nobody is there to ask: a program that acts for itself shows its own credentials. On a device "
    "without a browser, which has a grant of its own (RFC 8628). To learn who somebody is: OpenID Connect adds that.",
    rfcs=("6749#section-4.1", "7636#section-4"),
)


def s256(code_verifier: str) -> str:
    """The code_challenge of a verifier: its SHA-256 as base64url without padding (RFC 7636 §4.2)."""
    return urlsafe_b64encode(sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


def authorization_request(run: Seen) -> str:
    """The address that the client sends the browser to: its question to the authorization server, as a link."""
    return f"{run.metadata['authorization_endpoint']}?" + urlencode(
        {
            "response_type": "code",
            "client_id": run.client.client_id,
            "redirect_uri": run.client.redirect_uris[0],
            "scope": "photos.read",
            "state": run.secret("state"),
            "code_challenge": s256(run.secret("code_verifier")),
            "code_challenge_method": "S256",
        }
    )


# The play.


@flow.step(
    "Alice asks for prints",
    label="“Print my photos”",
    button="print my photos",
    sender="browser",
    receiver="client",
    at="/print",
    rfc="6749#section-4.1",
)
def ask_for_prints(run: Seen) -> wire.Request:
    """
    Alice’s photos are at Snapbox, and PhotoPrint wants to print them. It could ask for her password, but then it could
    do everything that she can, for as long as she keeps it. So it asks Snapbox instead: its answer to this click is a
    redirect that carries the question. Two random values are made now. `state` goes along, and must come back
    unchanged. `code_verifier` stays with the client; only its hash travels, as `code_challenge`.
    """
    return run.get(f"{run.address('client')}/print")


flow.break_it(
    ask_for_prints,
    Way("POST in place of GET", "Another site makes the browser begin an order.",
        lambda _: [Edit("method", "", "POST"), Edit("header", "Content-Length", "0")]),
    Way("Ask twice", "Two orders at once. Do they share a state?", once_more),
)  # fmt: skip


@flow.step(
    "The browser takes the question to Snapbox",
    label="asks: state, code_challenge",
    button="take the question to Snapbox",
    sender="browser",
    receiver="authorization_server",
    at="/authorize",
    rfc="6749#section-4.1.1",
    counts="request",
    carries="authorization request",
    answers="authorization response",
)
def ask_to_authorize(run: Seen) -> wire.Request:
    """
    The authorization request is a link that the browser follows, so everything in it is readable there and could have
    been changed on the way. The server therefore looks first at who asks: an unknown client, or an address that this
    client has not registered, gets an error page and no redirect. Only then does it look at what is asked. Alice has no
    session here yet, so the answer is a login form.
    """
    return run.get(run.answer_to(ask_for_prints).location or "")


flow.break_it(
    ask_to_authorize,
    Way("Leave out code_challenge", "PKCE is off. This client has a secret; is that enough for the server?",
        without("query", "code_challenge", "code_challenge_method")),
    Way("code_challenge_method=plain", "The challenge would be the secret itself, in the address bar.",
        with_value("query", "code_challenge_method", "plain")),
    Way("Another redirect_uri", "The answer would go to somebody else. See where the error goes.",
        with_value("query", "redirect_uri", "https://evil.example/callback")),
    Way("Another client_id", "Ask in the name of a client that nobody registered.", with_other("query", "client_id")),
    Way("A scope that does not exist", "Ask for more than there is.", with_value("query", "scope", "photos.delete")),
    Way("state twice", "Two readers could each take another one.", twice("query", "state")),
)  # fmt: skip


@flow.step(
    "Alice logs in, at Snapbox and nowhere else",
    label="Alice logs in",
    button="Alice logs in",
    sender="browser",
    receiver="authorization_server",
    at="/login",
    rfc="6749#section-3.1",
    carries="login form",
)
def log_in(run: Seen) -> wire.Request:
    """
    The password goes to the server that keeps it, and the client never sees it: that is the point of the grant. How a
    person logs in is not OAuth’s business, so a passkey or a second factor fits here without any change to the client.
    """
    return run.submit(run.answer_to(ask_to_authorize).forms[0], username="alice", password="wonderland")


flow.break_it(
    log_in,
    Way("A wrong password", "What does the server say, and what does it not say?", with_other("form", "password")),
    Way("Leave out csrf", "A form that another site made Alice’s browser post.", without("form", "csrf")),
    Way("Without the cookie", "A browser that never opened the login page.", without("header", "Cookie")),
)


@flow.step(
    "The browser comes back with the same question",
    label="asks again, now as Alice",
    button="ask again, now as Alice",
    sender="browser",
    receiver="authorization_server",
    at="/authorize",
    rfc="6749#section-4.1.1",
    carries="authorization request",
    answers="authorization response",
)
def ask_as_alice(run: Seen) -> wire.Request:
    """
    The login answered with a redirect to the question it had interrupted, and the cookie now says that this is Alice.
    The server checks the whole request once more, since it came through the browser once more, and shows Alice what is
    asked: which client, and for which scopes.
    """
    return run.get(run.answer_to(log_in).location or "")


flow.break_it(
    ask_as_alice,
    Way("Ask for more", "The link is changed on its way: photos.write too. See what Alice is shown.",
        with_value("query", "scope", "photos.read photos.write")),
    Way("Without the cookie", "Another browser brings the same question.", without("header", "Cookie")),
    Way("Another state", "Does this server know which state is right? Who will notice?", with_other("query", "state")),
    Way("Another redirect_uri", "Changed after the login, when nobody looks any more?",
        with_value("query", "redirect_uri", "https://evil.example/callback")),
)  # fmt: skip


@flow.step(
    "Alice approves",
    label="Alice approves",
    button="Alice approves",
    sender="browser",
    receiver="authorization_server",
    at="/consent",
    rfc="6749#section-4.1.2",
    carries="consent form",
    answers="authorization response",
)
def approve(run: Seen) -> wire.Request:
    """
    A token is a permission, and only the owner of the photos can give it. What she approved comes back to the client
    as a `code`, by another redirect through the browser. A code in an address bar can be read by others, so it works
    only once, for a short time, and only for the client that began.
    """
    return run.submit(run.answer_to(ask_as_alice).forms[0], decision="approve")


flow.break_it(
    approve,
    Way("Leave out csrf", "Another site presses Approve for Alice.", without("form", "csrf")),
    Way("Without the cookie", "Somebody who is not logged in approves.", without("header", "Cookie")),
    Way("Neither yes nor no", "A third answer.", with_value("form", "decision", "maybe")),
    Way("Approve twice", "A double click. Does it give two codes?", once_more),
)


@flow.step(
    "Alice says no",
    label="Alice denies",
    button="Alice says no",
    sender="browser",
    receiver="authorization_server",
    at="/consent",
    rfc="6749#section-4.1.2.1",
    carries="consent form",
    answers="authorization response",
    instead_of="approve",
)
def deny(run: Seen) -> wire.Request:
    """
    No is an answer too, and the client must be told. It travels the same way as a yes: a redirect to the registered
    address, with `error` in place of the code, and with the same `state`, so that the client knows which question was
    answered.
    """
    return run.submit(run.answer_to(ask_as_alice).forms[0], decision="deny")


flow.break_it(
    deny,
    Way("Leave out csrf", "Another site presses Deny for Alice.", without("form", "csrf")),
    Way("Without the cookie", "Somebody who is not logged in says no.", without("header", "Cookie")),
)  # fmt: skip


@flow.step(
    "The browser brings the answer to the client",
    label="brings code, state, iss",
    button="bring the answer to PhotoPrint",
    sender="browser",
    receiver="client",
    at="/callback",
    rfc="6749#section-4.1.2",
    carries="authorization response",
)
def callback(run: Seen) -> wire.Request:
    """
    The authorization response reaches the client as a request, from a browser, and anybody can make a browser send
    one. So the client asks two things before it uses anything: did I start this (`state`), and is it from the server
    that I asked (`iss`)? Its answer is a redirect to a clean address, which takes the code out of the address bar.
    """
    return run.get(run.led_to(f"{run.address('client')}/callback"))


flow.break_it(
    callback,
    Way("Another state", "Somebody made this browser open the callback with a code of their own.",
        with_other("query", "state")),
    Way("Leave out state", "An answer that belongs to no question.", without("query", "state")),
    Way("Another iss", "The answer of one server, passed off as another’s.", with_other("query", "iss")),
    Way("Without the cookie", "The answer reaches a browser that asked nothing.", without("header", "Cookie")),
    Way("Send it twice", "A reload of the callback, or a replay.", once_more),
)  # fmt: skip


@flow.step(
    "The browser brings an error to the client",
    label="brings error, state, iss",
    button="bring the answer to PhotoPrint",
    sender="browser",
    receiver="client",
    at="/callback",
    rfc="6749#section-4.1.2.1",
    carries="authorization response",
    instead_of="callback",
    hears="error",
    ends=True,
)
def hear_no(run: Seen) -> wire.Request:
    """
    The answer is an error: Alice said no, or the question itself was refused. The client checks `state` and `iss` as it
    would for a code, then stops: there is nothing to trade.
    """
    return run.get(run.led_to(f"{run.address('client')}/callback"))


flow.break_it(
    hear_no,
    Way("Another state", "Anybody could tell the client that Alice said no.", with_other("query", "state")),
    Way("Leave out iss", "A no of which server?", without("query", "iss")),
)  # fmt: skip


@flow.step(
    "The client trades the code for a token",
    label="code → token",
    button="trade the code for a token",
    sender="client",
    receiver="authorization_server",
    at="/token",
    rfc="6749#section-4.1.3",
    counts="request",
    carries="token request",
    answers="token response",
)
def redeem_code(run: Seen) -> wire.Request:
    """
    Here a code alone is worth nothing. Whoever redeems it must also show the secret behind the `code_challenge` that
    began this flow, and a client that can keep a secret shows that as well. This request goes from server to server:
    the browser sees neither it nor the token that comes back.
    """
    came = dict(run.received(callback).query)
    if "code" not in came:
        raise NotSeen("no code came back, so there is nothing to redeem")
    return wire.post(
        run.metadata["token_endpoint"],
        {
            "grant_type": "authorization_code",
            "code": came["code"],
            "redirect_uri": run.client.redirect_uris[0],
            "code_verifier": run.secret("code_verifier"),
        },
        wire.basic(run.client.client_id, run.client.secret or ""),
    )


flow.break_it(
    redeem_code,
    Way("Leave out code_verifier", "A thief who read the code in the browser and has nothing else.",
        without("form", "code_verifier")),
    Way("Another code_verifier", "A thief who guesses.", with_other("form", "code_verifier")),
    Way("Without the secret", "Anybody may say that they are this client.", without("header", "Authorization")),
    Way("Another code", "One letter is wrong.", with_other("form", "code")),
    Way("Another redirect_uri", "The code was led somewhere else on its way.", with_other("form", "redirect_uri")),
    Way("Send it twice", "A code is used again. Look at what that does to the token it gave.", once_more),
)  # fmt: skip


@flow.step(
    "The client uses the token",
    label="GET /photos, Bearer token",
    button="use the token",
    sender="client",
    receiver="resource_server",
    at="/photos",
    rfc="6750#section-2.1",
    counts="final",
    answers="photos",
)
def fetch_photos(run: Seen) -> wire.Request:
    """
    The token is a bearer token: whoever holds it may use it, and nothing else is asked. That is why it must only ever
    travel over TLS. The API sends no request about it to the authorization server. It checks the signature with that
    server’s public key, then that the token is meant for it, is still good and allows what is asked. It also looks into
    a list of revoked grants that Snapbox’s two servers share; many APIs have no such list.
    """
    token = run.answer_to(redeem_code).json["access_token"]
    return wire.get(f"{run.address('resource_server')}/photos", ("Accept", "application/json"), wire.bearer(token))


flow.break_it(
    fetch_photos,
    Way("Without a token", "What does the API say to nobody?", without("header", "Authorization")),
    Way("One letter of the token", "The signature no longer fits.", with_other("header", "Authorization")),
    Way("The token in the address", "Where logs and histories would keep it.",
        lambda prepared: [Edit("query", "access_token", (prepared.header("Authorization") or "")[len("Bearer "):]),
                          Edit("header", "Authorization", None)]),
    Way("POST in place of GET", "Add a photo with a token that only allows looking.",
        lambda _: [Edit("method", "", "POST"), Edit("header", "Content-Length", "0")]),
    Way("Send it twice", "Is a token used up by use?", once_more),
)  # fmt: skip


@flow.step(
    "Alice sees her prints",
    label="“Your prints”",
    button="see the prints",
    sender="browser",
    receiver="client",
    at="/prints",
    rfc="6749#section-7",
)
def see_prints(run: Seen) -> wire.Request:
    """
    The client has the photos, and Alice’s browser fetches the page that shows them. In all of this her password went to
    Snapbox only, and the token never touched the browser: what PhotoPrint holds is a permission to read photos, for a
    few minutes. It still does not know who she is: an access token is no login. OpenID Connect adds that.
    """
    return run.get(run.answer_to(callback).location or "")


flow.break_it(
    see_prints,
    Way("Without the cookie", "Another browser opens the address of the prints.", without("header", "Cookie")),
    Way("Reload", "Are the photos fetched and printed again?", once_more),
)  # fmt: skip


# What the token endpoint checks for this grant, after it knows which client is asking.


@check("invalid_request", "a request without a code", rfc="6749#section-4.1.3", of="code")
def code_is_there(ask: TokenAsk) -> Finding:
    """Without a code there is nothing to trade."""
    return passed() if ask.form.get("code") else failed(expected="a code", got="no code in the form")


@check("invalid_grant", "a code that this server never gave", rfc="6749#section-4.1.2", of="code")
def code_is_known(ask: TokenAsk) -> Finding:
    """A code is a promise of this server: one that it never gave is worth nothing."""
    if ask.code is None:
        return failed(expected="a code that this server has issued", got=ask.form["code"])
    return passed("This server issued it.")


@check("invalid_grant", "a code that another client was given", rfc="6749#section-4.1.3", defence=True, of="code")
def code_was_issued_to_this_client(ask: TokenAsk) -> Finding:
    """A code that leaked must be useless to every other client, even to an honest one that was tricked into sending
    it."""
    return expect(ask.code.client_id, ask.client_id, f"It was issued to {ask.code.client_id}, and to nobody else.")


@check("invalid_grant", "a `redirect_uri` that is not the one in the question", rfc="6749#section-4.1.3", defence=True)
def redirect_uri_is_the_same(ask: TokenAsk) -> Finding:
    """If the code was sent to another address than the client meant, somebody changed the question on its way."""
    sent, now = ask.code.redirect_uri, ask.form.get("redirect_uri")
    return expect(sent, now, "The redirect_uri of the question, to the letter.", nothing="no redirect_uri")


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
    return expect(ask.code.code_challenge, s256(code_verifier), "Its SHA-256 is the code_challenge.")


@check("invalid_grant", "a code that has expired", rfc="6749#section-4.1.2", of="code")
def code_has_not_expired(ask: TokenAsk) -> Finding:
    """A code passes through a browser, where it can be read; the less time it lives, the less it is worth to a
    thief."""
    age, lifetime = ask.realm.now() - ask.code.issued_at, ask.code.expires_at - ask.code.issued_at
    if age >= lifetime:
        return failed(expected=f"a code at most {lifetime} s old", got=f"{age} s old")
    return passed(f"{age} s old; good for {lifetime} s.")


@check("invalid_grant", "a code that was used before", rfc="6749#section-4.1.2", of="code")
def spend_code(ask: TokenAsk) -> Finding:
    """A code works once. It is spent here, last of all, so that a refusal above never costs the rightful client its
    code."""
    sent = {"its_realm": ask.realm.name, "its_code": ask.code.code, "used_at": ask.realm.now()}
    with ask.realm.store.transaction() as connection:
        won = connection.execute(_SPEND, sent).one_or_none()
    if won is None:
        return failed(
            expected="a code that nobody has used", got="this one was used before; what it gave is revoked now"
        )
    return passed("It was unused, and is spent now.")


_SPEND = (
    update(codes)
    .where(codes.c.realm == bindparam("its_realm"), codes.c.code == bindparam("its_code"), codes.c.used_at.is_(None))
    .values(used_at=bindparam("used_at"))
    .returning(codes.c.code)
)

REDEEM_CODE = [
    code_is_there,
    code_is_known,
    code_was_issued_to_this_client,
    redirect_uri_is_the_same,
    code_verifier_matches,
    code_verifier_is_well_formed,
    code_has_not_expired,
    spend_code,
]
