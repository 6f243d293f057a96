"""The resource owner password grant, as a desktop program used it in 2009: Alice types her password into the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows import wire
from flows.authorization_server.issue import Given, new_family
from flows.authorization_server.passwords import account_may_be_tried, person_of
from flows.authorization_server.scopes import scope_can_be_granted
from flows.checks import Finding, check, failed, passed
from flows.edit import once_more, with_other, with_value
from flows.flow import Flow, Way
from flows.options import ALG, TOKEN
from flows.realm import Fresh
from flows.scenes import USE_TOKEN_WAYS, api_asks, use
from flows.seen import Seen

if TYPE_CHECKING:
    from flows.authorization_server.asks import TokenAsk

flow = Flow(
    name="password",
    title="Resource owner password",
    group="No person is asked",
    purpose="Alice typed her password into the client itself. Whether it kept it, she cannot know.",
    not_for="Anywhere. The client holds the whole account, for as long as the password lives; Alice is asked nothing "
    "and can narrow nothing; a second factor or a passkey does not fit in. It was meant for moving old programs over, "
    "once.",
    rfcs=("6749#section-4.3",),
    deprecated="MUST NOT be used",
    deprecated_by="9700#section-2.4",
    acts_as=lambda _: "photoprint-desktop",
    cast=lambda _: "PhotoPrint, 2009",
    options=(TOKEN, ALG),
)


@flow.step(
    "The client shows Snapbox Alice’s password",
    label="username, password → token",
    button="show Snapbox the password",
    sender="client",
    receiver="authorization_server",
    at="/token",
    rfc="6749#section-4.3.2",
    counts="request",
    carries="token request",
    answers="token response",
)
def use_password(run: Seen) -> wire.Request:
    """
    It is 2009, and PhotoPrint is a program on Alice’s desktop. It showed her a window with two fields, and she typed
    into them what only Snapbox should know. Now it sends both on. It promised to forget them; whether it did, Alice
    cannot see, and Snapbox cannot either. Nobody asked her what PhotoPrint may do: with her password it may do all that
    she may.
    """
    form = {
        "grant_type": "password",
        "username": "alice",
        "password": "wonderland",
        "scope": "photos.read",
        "client_id": run.client.client_id,
    }
    return wire.post(run.metadata["token_endpoint"], form, ("Accept", "application/json"))


flow.break_it(
    use_password,
    Way("A wrong password", "Does the answer say which half was wrong?", with_other("form", "password")),
    Way("Another username", "The same, for an account that does not exist.", with_other("form", "username")),
    Way("Take more than was promised", "Nobody asks Alice. Does anybody stop the client from taking photos.write?",
        with_value("form", "scope", "photos.read photos.write")),
    Way("A scope that does not exist", "More than there is.", with_value("form", "scope", "photos.delete")),
    Way("As another client", "Does every client get to use passwords?",
        with_value("form", "client_id", "photoprint-app")),
    Way("Send it twice", "A password does not wear out.", once_more),
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
)
def fetch_photos(run: Seen) -> wire.Request:
    """
    From here on it is like any other grant: the API sees a token, and cannot tell how it was come by. But the token is
    the lesser thing that this client holds. It ends in minutes, and can be taken back; the password does neither.
    """
    return use(run, run.answer_to(use_password).json["access_token"])


flow.break_it(fetch_photos, *USE_TOKEN_WAYS)
api_asks(flow, fetch_photos)


# What the token endpoint checks for this grant, after it knows which client is asking.


@check("invalid_request", "a request without a name and a password", rfc="6749#section-4.3.2", of="password")
def username_and_password_are_there(ask: TokenAsk) -> Finding:
    """They are the grant: without them there is nothing to go by."""
    lacking = [name for name in ("username", "password") if name not in ask.form]
    return failed(expected="username and password", got=f"no {' and no '.join(lacking)}") if lacking else passed()


@check("invalid_grant", "a name and a password that do not fit together", rfc="6749#section-4.3.2", of="password")
def password_is_right(ask: TokenAsk) -> Finding:
    """The server must know that this is Alice’s own password. It does not tell which half was wrong: that would help
    whoever guesses."""
    person = person_of(ask.form)
    if person is None:
        return failed(expected="a username and its password", got="a pair that does not fit")
    return passed(f"This is {person.name}’s.")


USE_PASSWORD = [username_and_password_are_there, account_may_be_tried, password_is_right, scope_can_be_granted]


def given(ask: TokenAsk, fresh: Fresh) -> Given:
    """All that the client asked for: nobody else was asked."""
    return Given(ask.form["username"], ask.scope, new_family(ask.realm, fresh))
