"""Scenes that several flows share: Alice at Snapbox, a script that calls the API, an API that asks about a token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flows import wire
from flows.edit import Edit, fields_of, once_more, with_other, with_value, without
from flows.flow import Chosen, Flow, Step, Way
from flows.introspection import introspection_request
from flows.seen import Seen, Stops

# Alice at Snapbox: she logs in, sees what is asked, and answers.


def alice_logs_in(flow: Flow) -> None:
    """Add log_in and ask_as_alice, after the step that brought the question to Snapbox."""

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
        The password goes to the server that keeps it, and the client never sees it: that is the point of the grant. How
        a person logs in is not OAuth’s business, so a passkey or a second factor fits here without any change to the
        client.
        """
        return run.submit(
            run.form(f"{run.address('authorization_server')}/login"), username="alice", password="wonderland"
        )

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
        The login answered with a redirect to the question it had interrupted, and the cookie now says that this is
        Alice. The server checks the whole request once more, since it came through the browser once more, and shows
        Alice what is asked: which client, and for which scopes.
        """
        return run.get(run.answer_to(log_in).location or "")

    flow.break_it(
        ask_as_alice,
        Way("Ask for more", "The link is changed on its way: photos.write too. See what Alice is shown.",
            with_value("query", "scope", "photos.read photos.write")),
        Way("Without the cookie", "Another browser brings the same question.", without("header", "Cookie")),
        Way("Another state", "Does this server know which state is right? Who will notice?",
            with_other("query", "state")),
        Way("Another redirect_uri", "Changed after the login, when nobody looks any more?",
            with_value("query", "redirect_uri", "https://evil.example/callback")),
    )  # fmt: skip


APPROVE_WAYS = (
    Way("Leave out csrf", "Another site presses Approve for Alice.", without("form", "csrf")),
    Way("Without the cookie", "Somebody who is not logged in approves.", without("header", "Cookie")),
    Way("Neither yes nor no", "A third answer.", with_value("form", "decision", "maybe")),
)


def alice_may_deny(flow: Flow) -> None:
    """Add deny, which stands in for approve."""

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
        address, with `error` in place of what was asked for, and with the same `state`, so that the client knows which
        question was answered.
        """
        return run.submit(run.form(f"{run.address('authorization_server')}/consent"), decision="deny")

    flow.break_it(
        deny,
        Way("Leave out csrf", "Another site presses Deny for Alice.", without("form", "csrf")),
        Way("Without the cookie", "Somebody who is not logged in says no.", without("header", "Cookie")),
    )


# Using a token.


def one_letter(prepared: wire.Request) -> list[Edit]:
    """Change a letter in the middle of a token: the last one of a signature may hold bits that count for nothing."""
    sent = prepared.header("Authorization") or "Bearer"
    at = max(len(sent) - 20, 0)
    return [Edit("header", "Authorization", f"{sent[:at]}{'B' if sent[at] == 'A' else 'A'}{sent[at + 1 :]}")]


def in_the_address(prepared: wire.Request) -> list[Edit]:
    """Take the token out of the header and put it into the query (RFC 6750 §2.3)."""
    return [Edit("query", "access_token", _token_in(prepared)), Edit("header", "Authorization", None)]


def in_a_form(prepared: wire.Request) -> list[Edit]:
    """Take the token out of the header and put it into a form, which needs a POST (RFC 6750 §2.2)."""
    return [
        Edit("method", "", "POST"),
        Edit("header", "Authorization", None),
        Edit("header", "Content-Type", "application/x-www-form-urlencoded"),
        Edit("form", "title", "The tea table"),
        Edit("form", "access_token", _token_in(prepared)),
    ]


def as_post(_: wire.Request) -> list[Edit]:
    """The same address with another method, and nothing in the body."""
    return [Edit("method", "", "POST"), Edit("header", "Content-Length", "0")]


def _token_in(request: wire.Request) -> str:
    """The token that a request shows: in the header, or else in the address or a form (RFC 6750 §2)."""
    elsewhere = dict(fields_of(request, "query") + fields_of(request, "form"))
    return (request.header("Authorization") or "")[len("Bearer ") :] or elsewhere.get("access_token", "")


USE_TOKEN_WAYS = (
    Way("Without a token", "What does the API say to nobody?", without("header", "Authorization")),
    Way("One letter of the token", "Then it is another token. Who notices, and how?", one_letter),
    Way("The token in the address", "Where logs and histories would keep it.", in_the_address),
    Way("The token in a form", "Out of the address, but every party on the way has to read the body.", in_a_form),
    Way("POST in place of GET", "Add a photo with a token that only allows looking.", as_post),
    Way("Send it twice", "Is a token used up by use?", once_more),
)


def use(run: Seen, access_token: str, *more: tuple[str, str]) -> wire.Request:
    """GET /photos with a token in the header (RFC 6750 §2.1)."""
    url = f"{run.address('resource_server')}/photos"
    return wire.get(url, ("Accept", "application/json"), *more, wire.bearer(access_token))


def script_uses_token(flow: Flow, token: Callable[[Seen], str], rfc: str, when: Chosen | None = None) -> None:
    """Add preflight and fetch_photos, which a script in the browser sends; `token` takes it out of what the script has
    seen."""
    under = when or {}

    @flow.step(
        "The browser asks the API whether the script may",
        label="OPTIONS /photos",
        button="ask whether the script may",
        sender="script",
        receiver="resource_server",
        at="/photos",
        rfc="fetch#http-cors-protocol",
        when=under,
    )
    def preflight(run: Seen) -> wire.Request:
        """
        The script wants to call another origin with an `Authorization` header. A browser does not let it do so
        unasked: it sends OPTIONS first, on the script’s behalf, and goes on only if the API says that scripts of other
        origins may send such a header. This is not OAuth’s: it is how browsers keep one site’s scripts out of another
        site’s business.
        """
        token(run)  # without one the script has nothing to ask with
        asks = ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization")
        url = f"{run.address('resource_server')}/photos"
        return replace(wire.get(url, ("Accept", "*/*"), run.origin, *asks), method="OPTIONS")

    flow.break_it(
        preflight,
        Way("Leave out the method", "Then it asks for nothing in particular.",
            without("header", "Access-Control-Request-Method")),
        Way("Send it twice", "Is a question used up by asking?", once_more),
    )  # fmt: skip

    @flow.step(
        "The script uses the token",
        label="GET /photos, Bearer token",
        button="use the token",
        sender="script",
        receiver="resource_server",
        at="/photos",
        rfc=rfc,
        counts="final",
        carries="photos request",
        answers="photos",
        when=under,
        name="fetch_photos",
    )
    def script_fetches_photos(run: Seen) -> wire.Request:
        """
        The script calls the API itself. The token is a bearer token: whoever holds it may use it, and nothing else is
        asked. Here it lies in the browser, where every other script in this page, every extension and whoever opens the
        developer tools can read it too.
        """
        allowed = run.answer_to(preflight).response.header("Access-Control-Allow-Headers") or ""
        if "authorization" not in allowed.lower():
            raise Stops(
                "The browser asked whether the script may send `Authorization` to another origin, and no answer said "
                "that it may. So it does not let the script send this, and nothing is sent."
            )
        return use(run, token(run), run.origin)

    flow.break_it(script_fetches_photos, *USE_TOKEN_WAYS)


def api_asks(flow: Flow, within: Step, name: str = "introspect", refused_by: str = "") -> None:
    """Add the question of an API that was shown an opaque token: sent while it answers the step `within`."""

    @flow.step(
        "The API asks what the token is worth",
        label="introspects the token",
        button="ask about the token",
        sender="resource_server",
        receiver="authorization_server",
        at="/introspect",
        rfc="7662#section-2.1",
        carries="introspection request",
        answers="introspection response",
        when={"token": "opaque"},
        within=within.name,
        refused_by=refused_by,
        name=name,
    )
    def introspect(run: Seen) -> wire.Request:
        """
        An opaque token says nothing, so the API asks the server that gave it, before it answers the client. That costs
        one more exchange at every call. In return the answer is always fresh: a token that was revoked a second ago is
        no longer active. The API shows its own credentials, or anybody could try out tokens here.
        """
        return introspection_request(run.metadata, run.own_client, _token_in(run.received(within)))

    flow.break_it(
        flow.steps[-1],
        Way("Without the API’s secret", "Anybody could ask which tokens are good.", without("header", "Authorization")),
        Way("Another token", "One that was never given.", with_other("form", "token")),
        Way("Leave out token", "A question about nothing.", without("form", "token")),
    )
