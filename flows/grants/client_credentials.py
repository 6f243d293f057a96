"""The client credentials grant: a program acts for itself, and no person is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flows import wire
from flows.authorization_server.issue import Given, new_family
from flows.authorization_server.scopes import scope_can_be_granted
from flows.checks import Finding, check, failed, passed
from flows.edit import once_more, with_value, without
from flows.flow import Chosen, Flow, Option, Way
from flows.options import ALG, API_CLOCK, CLIENT_AUTH, TOKEN
from flows.realm import Fresh
from flows.scenes import USE_TOKEN_WAYS, api_asks, use
from flows.seen import Seen

if TYPE_CHECKING:
    from flows.authorization_server.asks import TokenAsk

BEARER = Option(
    "bearer",
    "The token is shown",
    {
        "header": "in the Authorization header",
        "form": "in a form, to an API that takes it there",
        "query": "in the address, to an API that takes it there",
    },
)


def defences_off(chosen: Chosen) -> list[str]:
    """An API that takes tokens elsewhere than in the header."""
    return [] if chosen["bearer"] == "header" else ["token_comes_in_the_header"]


flow = Flow(
    name="client_credentials",
    title="Client credentials",
    group="No person is asked",
    purpose="A program acts for itself: a nightly job, a service calling a service.",
    not_for="For a person’s data, on that person’s behalf: nobody was asked here. Nor in a program that others can "
    "open up, such as an app or a page: it cannot keep the secret that this grant stands on.",
    rfcs=("6749#section-4.4",),
    acts_as=lambda _: "thumbnailer",
    cast=lambda _: "thumbnailer",
    options=(TOKEN, CLIENT_AUTH, BEARER, API_CLOCK, ALG),
    defences_off=defences_off,
)


@flow.step(
    "The thumbnailer asks for a token of its own",
    label="credentials → token",
    button="ask for a token",
    sender="client",
    receiver="authorization_server",
    at="/token",
    rfc="6749#section-4.4.2",
    counts="request",
    carries="token request",
    answers="token response",
)
def ask_for_token(run: Seen) -> wire.Request:
    """
    Every night Snapbox’s thumbnailer makes small pictures of all new photos. It acts for nobody but itself, so there is
    no browser, no login and no consent: it shows its own `client_id` and secret and is given a token. `sub` in that
    token is the program. There is no refresh token either: when this one is over, it simply asks again.
    """
    form, who = {"grant_type": "client_credentials", "scope": "photos.read photos.write"}, run.client
    if run.options.get("client_auth") == "post":
        form |= {"client_id": who.client_id, "client_secret": who.secret or ""}
        return wire.post(run.metadata["token_endpoint"], form, ("Accept", "application/json"))
    headers = ("Accept", "application/json"), wire.basic(who.client_id, who.secret or "")
    return wire.post(run.metadata["token_endpoint"], form, *headers)


flow.break_it(
    ask_for_token,
    Way("Without the secret", "Anybody may say that they are the thumbnailer.", without("header", "Authorization"),
        {"client_auth": "basic"}),
    Way("Without the secret", "Anybody may say that they are the thumbnailer.", without("form", "client_secret"),
        {"client_auth": "post"}),
    Way("A public client", "An app that has no secret asks in the same way.",
        lambda prepared: [*without("header", "Authorization")(prepared), *without("form", "client_secret")(prepared),
                          *with_value("form", "client_id", "photoprint-app")(prepared)]),
    Way("A grant that does not exist", "One letter is wrong.", with_value("form", "grant_type", "client_credential")),
    Way("Alice’s password instead", "The thumbnailer is not registered for that grant.",
        with_value("form", "grant_type", "password")),
    Way("A scope that does not exist", "More than there is.", with_value("form", "scope", "photos.delete")),
    Way("Send it twice", "Does a second token end the first?", once_more),
)  # fmt: skip


@flow.step(
    "The thumbnailer uses the token",
    label="/photos, Bearer token",
    button="use the token",
    sender="client",
    receiver="resource_server",
    at="/photos",
    rfc="6750#section-2",
    counts="final",
    carries="photos request",
    answers="photos",
)
def fetch_photos(run: Seen) -> wire.Request:
    """
    A bearer token can be shown in three places. In the header it is out of the way of logs, and every API has to take
    it there. In a form it needs a POST, and whoever looks for it has to read the body. In an address it lands in logs
    and histories, and OAuth 2.1 drops that. This API takes the header only, unless the walk was begun otherwise.
    """
    token = run.answer_to(ask_for_token).json["access_token"]
    url, accept = f"{run.address('resource_server')}/photos", ("Accept", "application/json")
    match run.options.get("bearer"):
        case "form":
            return wire.post(url, {"access_token": token, "title": "Thumbnails are made"}, accept)
        case "query":
            return wire.get(f"{url}?access_token={token}", accept)
    return use(run, token)


NOBODY = "What does the API say to nobody?"
flow.break_it(
    fetch_photos,
    *(replace(way, when={"bearer": "header"}) for way in USE_TOKEN_WAYS if way.name != "POST in place of GET"),
    Way("Leave out the token", NOBODY, without("form", "access_token"), {"bearer": "form"}),
    Way("Leave out the token", NOBODY, without("query", "access_token"), {"bearer": "query"}),
    Way("Send it twice", "Is a token used up by use?", once_more, {"bearer": "form|query"}),
)
api_asks(flow, fetch_photos)


# What the token endpoint checks for this grant, after it knows which client is asking.


@check("unauthorized_client", "a public client, which has nothing to show", rfc="6749#section-4.4")
def client_is_confidential(ask: TokenAsk) -> Finding:
    """The client’s own secret is the whole grant here. A client that cannot keep one would give a token to anybody who
    knows its name."""
    assert ask.client
    if ask.client.public:
        return failed(expected="a client with a secret", got=f"{ask.client_id}, which has none")
    return passed("It has shown its secret.")


USE_CREDENTIALS = [client_is_confidential, scope_can_be_granted]


def given(ask: TokenAsk, fresh: Fresh) -> Given:
    """The client acts for itself, so the token is about the client (RFC 9068 §2.2)."""
    return Given(ask.client_id, ask.scope, new_family(ask.realm, fresh))
