"""The implicit grant, as single-page apps used it in 2012: the token itself comes back in the address bar."""

from __future__ import annotations

from urllib.parse import urlencode

from flows import wire
from flows.edit import Edit, once_more, with_other, with_value, without
from flows.flow import Flow, Way
from flows.options import ALG, TOKEN
from flows.scenes import APPROVE_WAYS, alice_logs_in, alice_may_deny, api_asks, script_uses_token
from flows.seen import NothingCame, Seen, Stops, parameters_of

flow = Flow(
    name="implicit",
    title="Implicit",
    group="A person approves",
    purpose="A script in the browser got its token straight from the address bar, where history and other scripts "
    "find it too. It was made when browsers did not let a script call another origin.",
    not_for="In anything new. The token stands in an address, so it leaks through history and through whatever the "
    "page loads; nothing ties it to the client that asked; and somebody else’s token can be slipped in. The code "
    "grant does the same for a script, since browsers let one call the token endpoint.",
    rfcs=("6749#section-4.2",),
    deprecated="SHOULD NOT be used",
    deprecated_by="9700#section-2.1.2",
    acts_as=lambda _: "photoprint-2012",
    cast=lambda _: "PhotoPrint of 2012",
    options=(TOKEN, ALG),
)


@flow.step(
    "Alice opens the app of 2012",
    label="opens the app",
    button="open the app",
    sender="browser",
    receiver="client",
    at="/2012",
    rfc="6749#section-4.2",
)
def open_app(run: Seen) -> wire.Request:
    """
    PhotoPrint of 2012 is one page with a script in it. It has no server that could keep a secret or trade a code, and
    the browsers of its day did not let a script call another origin’s token endpoint. So it asks for the token itself,
    to be handed over in the one thing that a script could read: the address bar.
    """
    return run.get(f"{run.address('client')}/2012")


flow.break_it(
    open_app,
    Way("POST in place of GET", "The page takes no orders.",
        lambda _: [Edit("method", "", "POST"), Edit("header", "Content-Length", "0")]),
    Way("Open it twice", "Is anything remembered at the server?", once_more),
)  # fmt: skip


@flow.step(
    "The script sends the browser to Snapbox",
    label="asks: response_type=token",
    button="send the browser to Snapbox",
    sender="script",
    receiver="authorization_server",
    at="/authorize",
    rfc="6749#section-4.2.1",
    counts="request",
    carries="authorization request",
    answers="token in the fragment",
)
def ask_to_authorize(run: Seen) -> wire.Request:
    """
    The question is the same as in the code grant but for one word: `response_type` is `token`. There will be no code
    and no second request, so there is nothing that PKCE could tie, and no place where this client could prove who it
    is.
    """
    asked = {
        "response_type": "token",
        "client_id": run.client.client_id,
        "redirect_uri": run.client.redirect_uris[0],
        "scope": "photos.read",
        "state": run.secret("state"),
    }
    return run.get(f"{run.metadata['authorization_endpoint']}?{urlencode(asked)}")


flow.break_it(
    ask_to_authorize,
    Way("response_type=code", "Ask as one should today. Is this client registered for it?",
        with_value("query", "response_type", "code")),
    Way("Another redirect_uri", "The token itself would go to somebody else. See where the error goes.",
        with_value("query", "redirect_uri", "https://evil.example/callback")),
    Way("Another client_id", "Ask in the name of a client that nobody registered.", with_other("query", "client_id")),
    Way("A scope that does not exist", "The error comes back in the fragment too.",
        with_value("query", "scope", "photos.delete")),
    Way("Leave out state", "Then nothing tells the script whose token came back.", without("query", "state")),
)  # fmt: skip

alice_logs_in(flow)


@flow.step(
    "Alice approves",
    label="Alice approves",
    button="Alice approves",
    sender="browser",
    receiver="authorization_server",
    at="/consent",
    rfc="6749#section-4.2.2",
    carries="consent form",
    answers="token in the fragment",
)
def approve(run: Seen) -> wire.Request:
    """
    Alice’s yes becomes a token at once. It comes back in a redirect, behind a `#`: a fragment, which a browser keeps to
    itself when it goes there. From this answer on the token is in the address bar and in the history, whole, and good
    for as long as it lives.
    """
    return run.submit(run.form(f"{run.address('authorization_server')}/consent"), decision="approve")


flow.break_it(approve, *APPROVE_WAYS, Way("Approve twice", "A double click. Does it give two tokens?", once_more))
alice_may_deny(flow)


@flow.step(
    "The browser opens the app, with the token behind the #",
    label="GET /2012, nothing else",
    button="open the app again",
    sender="browser",
    receiver="client",
    at="/2012",
    rfc="6749#section-4.2",
    carries="token in the fragment",
)
def callback(run: Seen) -> wire.Request:
    """
    Look at the first line: the fragment is not in it. The client’s server never sees the token, and its log holds an
    address without anything behind it. But the browser still has the whole address, and the script that comes with this
    page reads it there.
    """
    return run.get(run.led_to(f"{run.address('client')}/2012"))


flow.break_it(
    callback,
    Way("POST in place of GET", "The page takes no orders.",
        lambda _: [Edit("method", "", "POST"), Edit("header", "Content-Length", "0")]),
    Way("Send it twice", "A reload of the page. Who reads the address bar now?", once_more),
)  # fmt: skip


@flow.step(
    "The browser opens the app, with an error behind the #",
    label="GET /2012, nothing else",
    button="open the app again",
    sender="browser",
    receiver="client",
    at="/2012",
    rfc="6749#section-4.2.2.1",
    instead_of="callback",
    hears="error",
    ends=True,
)
def hear_no(run: Seen) -> wire.Request:
    """
    Alice said no, or the question was refused. The error is in the fragment too, so the server that hands out this page
    does not learn of it: only the script in the browser does, and stops.
    """
    return run.get(run.led_to(f"{run.address('client')}/2012"))


flow.break_it(
    hear_no,
    Way("POST in place of GET", "The page takes no orders.",
        lambda _: [Edit("method", "", "POST"), Edit("header", "Content-Length", "0")]),
    Way("Send it twice", "A reload of the page.", once_more),
)  # fmt: skip


def token_in_the_address_bar(run: Seen) -> str:
    """The access token that the script reads there; Stops where it does not belong to its question (RFC 6749
    §10.12)."""
    came = dict(parameters_of(run.address_bar()))
    if came and came.get("state") != run.secret("state"):
        raise Stops(
            "The script compared `state` behind the # with the one it made. It is not the same: this answer belongs to "
            "no question of its own, so the script stops, and sends nothing."
        )
    if "access_token" not in came:
        raise NothingCame(
            "The script found no `access_token` behind the #, so it has nothing to use, and sends nothing."
        )
    return came["access_token"]


script_uses_token(flow, token_in_the_address_bar, "6749#section-4.2")
api_asks(flow, flow.steps[-1])
