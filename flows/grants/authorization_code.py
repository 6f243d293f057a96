"""The authorization code grant: how it is walked, and the checks that only it adds to the token endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import bindparam, update

from flows import wire
from flows.authorization_server.issue import Given
from flows.checks import Finding, check, expect, failed, passed
from flows.edit import Edit, once_more, with_other, with_value, without
from flows.flow import Chosen, Flow, Option, Way
from flows.options import ALG, CLIENT_AUTH, TOKEN
from flows.pkce import code_verifier_is_well_formed, code_verifier_matches, s256
from flows.realm import Fresh
from flows.scenes import (
    APPROVE_WAYS,
    USE_TOKEN_WAYS,
    alice_logs_in,
    alice_may_deny,
    api_asks,
    script_uses_token,
    use,
)
from flows.seen import NothingCame, NotSeen, Seen, Stops, parameters_of
from flows.store import codes

if TYPE_CHECKING:
    from flows.authorization_server.asks import TokenAsk

WEB, SINGLE_PAGE = {"client": "web"}, {"client": "single-page"}
CLIENT = Option(
    "client",
    "The client is",
    {
        "web": "a web site with a server: it can keep a secret",
        "single-page": "a single-page app: all of it is a script in the browser, and nothing stays secret",
    },
)
PKCE = Option(
    "pkce",
    "PKCE is",
    {
        "S256": "on: the challenge is a hash of the secret",
        "plain": "on, with plain: the challenge is the secret itself",
        "off": "off: nothing ties the code to whoever began",
    },
)


TITLES = {
    "S256": "Authorization code, with PKCE",
    "plain": "Authorization code, with plain PKCE",
    "off": "Authorization code, without PKCE",
}


def defences_off(chosen: Chosen) -> list[str]:
    """The checks that would refuse what was chosen: they run all the same, and tell what they would have done."""
    off = ["code_challenge_method_is_s256"] if chosen["pkce"] == "plain" else []
    if chosen["pkce"] == "off" and chosen["client"] == "single-page":
        off.append("public_client_sends_a_code_challenge")
    return off


flow = Flow(
    name="authorization_code",
    title="Authorization code, with PKCE",
    group="A person approves",
    purpose="A web site or an app acts for a person. The one to begin with: a short-lived code travels in the address "
    "bar, the token does not. PKCE, Proof Key for Code Exchange, ties the code to the client that began.",
    not_for="Where nobody is there to ask: a program that acts for itself shows its own credentials. On a device "
    "without a browser, which has a grant of its own (RFC 8628). To learn who somebody is: OpenID Connect adds that.",
    rfcs=("6749#section-4.1", "7636#section-4"),
    titled=lambda chosen: TITLES[chosen["pkce"]],
    acts_as=lambda chosen: "photoprint" if chosen["client"] == "web" else "photoprint-spa",
    cast=lambda chosen: "PhotoPrint",
    options=(CLIENT, PKCE, TOKEN, Option(CLIENT_AUTH.name, CLIENT_AUTH.title, CLIENT_AUTH.choices, only=WEB), ALG),
    defences_off=defences_off,
)


def authorization_request(run: Seen) -> str:
    """The address that the client sends the browser to: its question to the authorization server, as a link."""
    pkce, code_verifier = run.options.get("pkce", "S256"), run.secret("code_verifier")
    challenges = {
        "S256": {"code_challenge": s256(code_verifier), "code_challenge_method": "S256"},
        "plain": {"code_challenge": code_verifier, "code_challenge_method": "plain"},
        "off": {},
    }
    return f"{run.metadata['authorization_endpoint']}?" + urlencode(
        {
            "response_type": "code",
            "client_id": run.client.client_id,
            "redirect_uri": run.client.redirect_uris[0],
            "scope": "photos.read",
            "state": run.secret("state"),
            **challenges[pkce],
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
    when=WEB,
)
def ask_for_prints(run: Seen) -> wire.Request:
    """
    Alice’s photos are at Snapbox, and PhotoPrint wants to print them. It could ask for her password, but then it could
    do everything that she can, for as long as she keeps it. So it asks Snapbox instead: its answer to this click is a
    redirect that carries the question. Two random values are made now. `state` goes along, and must come back
    unchanged. With PKCE, `code_verifier` stays with the client; only its hash travels, as `code_challenge`.
    """
    return run.get(f"{run.address('client')}/print")


flow.tell(
    ask_for_prints,
    {"pkce": "plain"},
    """
    Alice’s photos are at Snapbox, and PhotoPrint wants to print them. It does not ask for her password: its answer to
    this click is a redirect that carries a question to Snapbox. Two random values are made now. `state` goes along, and
    must come back unchanged. The other one is a `code_verifier`, and with `plain` it goes along too, under the name of
    `code_challenge`: a secret that everybody on the way can read.
""",
)
flow.tell(
    ask_for_prints,
    {"pkce": "off"},
    """
    Alice’s photos are at Snapbox, and PhotoPrint wants to print them. It does not ask for her password: its answer to
    this click is a redirect that carries a question to Snapbox. One random value is made now: `state` goes along, and
    must come back unchanged. PKCE is off, so nothing will tie the code that comes back to whoever began here.
""",
)
flow.break_it(
    ask_for_prints,
    Way("POST in place of GET", "Another site makes the browser begin an order.",
        lambda _: [Edit("method", "", "POST"), Edit("header", "Content-Length", "0")]),
    Way("Ask twice", "Two orders at once. Do they share a state?", once_more),
)  # fmt: skip


@flow.step(
    "Alice opens the app",
    label="opens the app",
    button="open the app",
    sender="browser",
    receiver="client",
    at="/app",
    rfc="10017#section-6.3",
    when=SINGLE_PAGE,
)
def open_app(run: Seen) -> wire.Request:
    """
    The client’s server only hands out a page with a script in it; all that PhotoPrint does from here on, that script
    does in Alice’s browser. Whoever opens the page can read the script, so there is no secret in it: this is a public
    client. It makes a random `state` and, with PKCE, a random `code_verifier`, and keeps them in the page.
    """
    return run.get(f"{run.address('client')}/app")


flow.break_it(
    open_app,
    Way("POST in place of GET", "The page takes no orders.",
        lambda _: [Edit("method", "", "POST"), Edit("header", "Content-Length", "0")]),
    Way("Open it twice", "Is anything remembered at the server?", once_more),
)  # fmt: skip


@flow.step(
    "The browser takes the question to Snapbox",
    label="asks to authorize",
    button="take the question to Snapbox",
    sender="browser",
    receiver="authorization_server",
    at="/authorize",
    rfc="6749#section-4.1.1",
    counts="request",
    carries="authorization request",
    answers="authorization response",
    when=WEB,
)
def ask_to_authorize(run: Seen) -> wire.Request:
    """
    The authorization request is a link that the browser follows, so everything in it is readable there and could have
    been changed on the way. The server therefore looks first at who asks: an unknown client, or an address that this
    client has not registered, gets an error page and no redirect. Only then does it look at what is asked. Alice has no
    session here yet, so the answer is a login form.
    """
    return run.get(run.answer_to(ask_for_prints).location or "")


@flow.step(
    "The script sends the browser to Snapbox",
    label="asks to authorize",
    button="send the browser to Snapbox",
    sender="script",
    receiver="authorization_server",
    at="/authorize",
    rfc="6749#section-4.1.1",
    counts="request",
    carries="authorization request",
    answers="authorization response",
    when=SINGLE_PAGE,
    name="ask_to_authorize",
)
def script_asks_to_authorize(run: Seen) -> wire.Request:
    """
    The script leaves its own page and takes the whole browser to Snapbox, with the question in the address. Nobody may
    ask this with `fetch`: Alice has to see whose page it is before she types her password. The server looks first at
    who asks, and only then at what is asked. Alice has no session here yet, so the answer is a login form.
    """
    return run.get(authorization_request(run))


flow.break_it(
    ask_to_authorize,
    Way("Leave out code_challenge", "PKCE is off. Is what is left enough for the server?",
        without("query", "code_challenge", "code_challenge_method"), {"pkce": "S256|plain"}),
    Way("code_challenge_method=plain", "The challenge would be the secret itself, in the address bar.",
        with_value("query", "code_challenge_method", "plain"), {"pkce": "S256"}),
    Way("Another redirect_uri", "The answer would go to somebody else. See where the error goes.",
        with_value("query", "redirect_uri", "https://evil.example/callback")),
    Way("Another client_id", "Ask in the name of a client that nobody registered.", with_other("query", "client_id")),
    Way("A scope that does not exist", "Ask for more than there is.", with_value("query", "scope", "photos.delete")),
    Way("response_type=token", "Ask for the token itself, as the implicit grant does.",
        with_value("query", "response_type", "token")),
)  # fmt: skip

alice_logs_in(flow)


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
    return run.submit(run.form(f"{run.address('authorization_server')}/consent"), decision="approve")


flow.tell(
    approve,
    {"pkce": "off", "client": "single-page"},
    """
    A token is a permission, and only the owner of the photos can give it. What she approved comes back to the client
    as a `code`, by another redirect through the browser. It works only once and for a short time; but PKCE is off and
    this client has no secret, so nothing ties it to the client that began.
""",
)
flow.break_it(
    approve,
    *APPROVE_WAYS,
    Way("Approve twice", "A double click. Does it give two codes?", once_more),
)

alice_may_deny(flow)


@flow.step(
    "The browser brings the answer to the client",
    label="brings code, state, iss",
    button="bring the answer to PhotoPrint",
    sender="browser",
    receiver="client",
    at="/callback",
    rfc="6749#section-4.1.2",
    carries="authorization response",
    when=WEB,
)
def callback(run: Seen) -> wire.Request:
    """
    The authorization response reaches the client as a request, from a browser, and anybody can make a browser send
    one. So the client asks two things before it uses anything: did I start this (`state`), and is it from the server
    that I asked (`iss`)? Its answer is a redirect to a clean address, which takes the code out of the address bar.
    """
    return run.get(run.led_to(f"{run.address('client')}/callback"))


@flow.step(
    "The browser brings the answer to the app",
    label="brings code, state, iss",
    button="bring the answer to the app",
    sender="browser",
    receiver="client",
    at="/app",
    rfc="6749#section-4.1.2",
    carries="authorization response",
    when=SINGLE_PAGE,
    name="callback",
)
def back_at_the_app(run: Seen) -> wire.Request:
    """
    The browser opens the app’s page again, with the answer in its address. The client’s server sees the code pass, in
    its log too, and can do nothing with it: it hands out the same page as before. The script reads the address bar. It
    goes on only if `state` is the one it made and `iss` is the server it asked.
    """
    return run.get(run.led_to(f"{run.address('client')}/app"))


flow.break_it(
    callback,
    Way("Another state", "Somebody made this browser open the callback with a code of their own.",
        with_other("query", "state")),
    Way("Leave out state", "An answer that belongs to no question.", without("query", "state")),
    Way("Another iss", "The answer of one server, passed off as another’s.", with_other("query", "iss")),
    Way("Without the cookie", "The answer reaches a browser that asked nothing.", without("header", "Cookie"), WEB),
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
    when=WEB,
)
def hear_no(run: Seen) -> wire.Request:
    """
    The answer is an error: Alice said no, or the question itself was refused. The client checks `state` and `iss` as it
    would for a code, then stops: there is nothing to trade.
    """
    return run.get(run.led_to(f"{run.address('client')}/callback"))


@flow.step(
    "The browser brings an error to the app",
    label="brings error, state, iss",
    button="bring the answer to the app",
    sender="browser",
    receiver="client",
    at="/app",
    rfc="6749#section-4.1.2.1",
    carries="authorization response",
    instead_of="callback",
    hears="error",
    ends=True,
    when=SINGLE_PAGE,
    name="hear_no",
)
def app_hears_no(run: Seen) -> wire.Request:
    """
    The answer is an error: Alice said no, or the question itself was refused. The page is the same as before; the
    script finds `error` in the address bar, checks `state` and `iss` as it would for a code, and stops.
    """
    return run.get(run.led_to(f"{run.address('client')}/app"))


flow.break_it(
    hear_no,
    Way("Another state", "Anybody could tell the client that Alice said no.", with_other("query", "state")),
    Way("Leave out iss", "A no of which server?", without("query", "iss")),
)  # fmt: skip


def redemption(run: Seen, came: dict[str, str]) -> dict[str, str]:
    """The form of the token request for the code that came (RFC 6749 §4.1.3, RFC 7636 §4.5)."""
    if "code" not in came:
        raise NotSeen("no code came back, so there is nothing to redeem")
    form = {"grant_type": "authorization_code", "code": came["code"], "redirect_uri": run.client.redirect_uris[0]}
    if run.options.get("pkce") != "off":
        form["code_verifier"] = run.secret("code_verifier")
    return form


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
    when=WEB,
)
def redeem_code(run: Seen) -> wire.Request:
    """
    Here a code alone is worth nothing. Whoever redeems it must also show the secret behind the `code_challenge` that
    began this flow, and a client that can keep a secret shows that as well. This request goes from server to server:
    the browser sees neither it nor the token that comes back.
    """
    form, who = redemption(run, dict(run.received(callback).query)), run.client
    if run.options.get("client_auth") == "post":
        return wire.post(
            run.metadata["token_endpoint"], form | {"client_id": who.client_id, "client_secret": who.secret or ""}
        )
    return wire.post(run.metadata["token_endpoint"], form, wire.basic(who.client_id, who.secret or ""))


@flow.step(
    "The script trades the code for a token",
    label="code → token",
    button="trade the code for a token",
    sender="script",
    receiver="authorization_server",
    at="/token",
    rfc="6749#section-4.1.3",
    counts="request",
    carries="token request",
    answers="token response",
    when=SINGLE_PAGE,
    name="redeem_code",
)
def script_redeems_code(run: Seen) -> wire.Request:
    """
    A public client shows no secret, only its name. What ties the code to it is the `code_verifier`, which never left
    the page: whoever read the code in a log or a history does not have it. The token comes back as an answer to the
    script. It never stands in an address, and that is what this flow has over the implicit grant.
    """
    came = answer_in_the_address_bar(run)
    form = redemption(run, came) | {"client_id": run.client.client_id}
    return wire.post(run.metadata["token_endpoint"], form, ("Accept", "application/json"), run.origin)


def answer_in_the_address_bar(run: Seen) -> dict[str, str]:
    """What the script reads there; Stops where it does not belong to its question (RFC 6749 §10.12, RFC 9207 §2.4)."""
    came = dict(parameters_of(run.address_bar()))
    if came.get("state") != run.secret("state"):
        raise Stops(
            "The script compared `state` in the address bar with the one it made. It is not the same: this answer "
            "belongs to no question of its own, so the script stops, and sends nothing."
        )
    if came.get("iss") != run.metadata["issuer"]:
        raise Stops(
            "The script compared `iss` in the address bar with the server it had asked. It is another one, so the "
            "script stops, and sends nothing."
        )
    if "code" not in came:
        raise NothingCame(
            "The script found no `code` in the address bar, so it has nothing to redeem, and sends nothing."
        )
    return came


flow.tell(
    redeem_code,
    {"pkce": "plain"},
    """
    The secret behind the challenge is shown now: compare the `code_verifier` here with the `code_challenge` in step 2.
    They are the same, to the letter, and that one stood in the address bar. Whoever read the address has both the code
    and what is meant to protect it. With `S256` the address would hold a hash, from which nobody gets back.
""",
)
flow.tell(
    redeem_code,
    {"pkce": "off", "client": "web"},
    """
    PKCE is off, so the code comes alone. A thief who read it in the browser still lacks the client’s own secret. But he
    can put Alice’s code into a walk of his own, with a `state` of his own: the client redeems it with its own good
    secret, and prints her photos for him. With PKCE the code would not fit the `code_challenge` of his walk.
""",
)
flow.tell(
    redeem_code,
    {"pkce": "off", "client": "single-page"},
    """
    PKCE is off, and a public client has no secret to show. So whoever holds the code can send just this request, and
    whoever is first gets the token. The code stands in the log of the server that hands out the page: branch off before
    this exchange, look from there, and use what you find.
""",
)
flow.break_it(
    redeem_code,
    Way("Leave out code_verifier", "A thief who read the code in the browser and has nothing else.",
        without("form", "code_verifier"), {"pkce": "S256|plain"}),
    Way("Another code_verifier", "A thief who guesses.", with_other("form", "code_verifier"), {"pkce": "S256|plain"}),
    Way("Without the secret", "Anybody may say that they are this client.", without("header", "Authorization"),
        {"client_auth": "basic"}),
    Way("Without the secret", "Anybody may say that they are this client.", without("form", "client_secret"),
        {"client_auth": "post"}),
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
    carries="photos request",
    answers="photos",
    when=WEB,
)
def fetch_photos(run: Seen) -> wire.Request:
    """
    The token is a bearer token: whoever holds it may use it, and nothing else is asked. That is why it must only ever
    travel over TLS. If it is a JWT, the API sends no request about it to the authorization server. It checks the
    signature with that server’s public key, then that the token is meant for it, is still good and allows what is
    asked. It also looks into a list of revoked grants that Snapbox’s two servers share; many APIs have no such list.
    """
    return use(run, run.answer_to(redeem_code).json["access_token"])


flow.tell(
    fetch_photos,
    {"token": "opaque"},
    """
    The token is a bearer token: whoever holds it may use it, and nothing else is asked. That is why it must only ever
    travel over TLS. This one is opaque: it says nothing by itself, so the API asks the authorization server what it is
    worth before it answers. That question is the next step; the API sent it while the client waited.
""",
)
flow.break_it(fetch_photos, *USE_TOKEN_WAYS)
script_uses_token(
    flow, lambda run: str(run.answer_to(redeem_code).json["access_token"]), "6750#section-2.1", SINGLE_PAGE
)
api_asks(flow, fetch_photos)


@flow.step(
    "Alice sees her prints",
    label="“Your prints”",
    button="see the prints",
    sender="browser",
    receiver="client",
    at="/prints",
    rfc="6749#section-7",
    when=WEB,
)
def see_prints(run: Seen) -> wire.Request:
    """
    The client has the photos, and Alice’s browser fetches the page that shows them. In all of this her password went to
    Snapbox only, and the token never touched the browser. What PhotoPrint holds is a permission to read photos: an
    access token for a few minutes, and a refresh token to get the next one. It still does not know who she is: an
    access token is no login. OpenID Connect adds that.
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
    assert ask.client
    sent, now = ask.code.redirect_uri, ask.form.get("redirect_uri")
    if sent is None and now in ask.client.redirect_uris and len(ask.client.redirect_uris) == 1:
        return passed("The question named none, so it was the one that is registered: this one.")
    return expect(sent, now, "The redirect_uri of the question, to the letter.", nothing="no redirect_uri")


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


def given(ask: TokenAsk, _: Fresh) -> Given:
    """What Alice approved, when the code was made."""
    return Given(ask.code.username, ask.code.scope, ask.code.family)
