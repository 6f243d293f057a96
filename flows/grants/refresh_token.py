"""The refresh token: the client gets the next access token without Alice, and gives it back when it is done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, update

from flows import wire
from flows.authorization_server.issue import Given
from flows.checks import Finding, check, failed, passed
from flows.edit import once_more, with_other, with_value, without
from flows.flow import Chosen, Flow, Option, Way
from flows.grants import authorization_code
from flows.grants.authorization_code import redeem_code
from flows.options import CLIENT_AUTH
from flows.realm import Fresh
from flows.scenes import USE_TOKEN_WAYS, api_asks, use
from flows.seen import Seen
from flows.store import refresh_tokens

if TYPE_CHECKING:
    from flows.authorization_server.asks import TokenAsk

TOKEN = Option(
    "token",
    "The API knows that a token is good",
    {
        "JWT": "by its signature and its times alone: a JWT, checked offline",
        "listed": "by its signature, and by a list of revoked grants that it shares with the server",
        "opaque": "by asking the authorization server each time: an opaque token",
    },
)


def defences_off(chosen: Chosen) -> list[str]:
    """An API that checks offline has no list to look into."""
    return ["grant_is_not_revoked"] if chosen["token"] == "JWT" else []


flow = Flow(
    name="refresh_token",
    title="Refresh token",
    group="No person is asked",
    purpose="The access token ran out. The client gets the next one while Alice is asleep, and gives it all back when "
    "she closes her account with it.",
    not_for="For a program that acts for itself: it simply asks again. In a script in the browser only if each refresh "
    "token works once or is bound to its sender, since a stolen one is good for weeks.",
    rfcs=("6749#section-6", "7009#section-2"),
    acts_as=lambda _: "photoprint",
    cast=lambda _: "PhotoPrint",
    options=(TOKEN, CLIENT_AUTH),
    prologue=redeem_code.name,
    defences_off=defences_off,
)

# What went before: the code flow, up to the token response. It is walked when a run begins, and can be looked at.
_before = authorization_code.flow.under({})
flow.steps.extend(replace(step, when={}) for step in _before.main_line[: _before.number(redeem_code.name)])


def _ways_before(name: str) -> tuple[Way, ...]:
    """Those of a step that went before: of its options only the client's proof of who it is stays open here."""
    basic, post = (authorization_code.flow.under({CLIENT_AUTH.name: each}).ways[name] for each in CLIENT_AUTH.choices)
    ways = [*basic, *(way for way in post if way not in basic)]
    return tuple(replace(way, when={k: v for k, v in way.when.items() if k == CLIENT_AUTH.name}) for way in ways)


flow.ways.update({step.name: _ways_before(step.name) for step in flow.steps})


def _form_and_who(run: Seen, form: dict[str, str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """A form with the client’s own credentials, and the headers that go with it."""
    who = run.client
    if run.options.get("client_auth") == "post":
        return form | {"client_id": who.client_id, "client_secret": who.secret or ""}, []
    return form, [wire.basic(who.client_id, who.secret or "")]


@flow.step(
    "Ten minutes later, the token is over",
    label="GET /photos, old token",
    button="use the token, ten minutes later",
    sender="client",
    receiver="resource_server",
    at="/photos",
    rfc="6750#section-3.1",
    carries="photos request",
    answers="photos",
    later=600,
    refused_by="token_has_not_expired|authorization_server_says_active",
)
def use_old_token(run: Seen) -> wire.Request:
    """
    The steps before this one are done already: Alice approved, and the client was given an access token for five
    minutes and a refresh token beside it. Then ten minutes pass on this realm’s clock. Alice is asleep; the client
    wants to print, and shows the access token. That a token ends soon is what makes a stolen one harmless soon.
    """
    return use(run, run.answer_to(redeem_code).json["access_token"])


flow.break_it(use_old_token, *USE_TOKEN_WAYS)
api_asks(flow, use_old_token, "introspect_old", refused_by="token_is_in_its_time")


@flow.step(
    "The client trades the refresh token for new tokens",
    label="refresh_token → tokens",
    button="use the refresh token",
    sender="client",
    receiver="authorization_server",
    at="/token",
    rfc="6749#section-6",
    counts="request",
    carries="token request",
    answers="token response",
)
def refresh(run: Seen) -> wire.Request:
    """
    A refresh token is shown to the authorization server only, never to an API, and the client proves who it is beside
    it. Alice is not asked again: her yes still stands. With the new access token comes a new refresh token, and the old
    one is spent. If a spent one is ever shown again, two may have it, and one of them may have stolen it. The server
    cannot tell which, so all that came of that yes is taken back.
    """
    form = {"grant_type": "refresh_token", "refresh_token": run.answer_to(redeem_code).json["refresh_token"]}
    form, headers = _form_and_who(run, form)
    return wire.post(run.metadata["token_endpoint"], form, *headers)


flow.break_it(
    refresh,
    Way("Send it twice", "A thief had a copy, and both use it. See what becomes of the rightful client’s new tokens.",
        once_more),
    Way("Another refresh_token", "One letter is wrong.", with_other("form", "refresh_token")),
    Way("Ask for more", "The next token should allow more than Alice approved.",
        with_value("form", "scope", "photos.read photos.write")),
    Way("As another client", "A public client that found the refresh token.",
        lambda prepared: [*without("header", "Authorization")(prepared), *without("form", "client_secret")(prepared),
                          *with_value("form", "client_id", "photoprint-app")(prepared)]),
    Way("Without the secret", "A thief who has the refresh token and nothing else.",
        without("header", "Authorization"), {"client_auth": "basic"}),
    Way("Without the secret", "A thief who has the refresh token and nothing else.",
        without("form", "client_secret"), {"client_auth": "post"}),
)  # fmt: skip


@flow.step(
    "The client uses the new token",
    label="GET /photos, new token",
    button="use the new token",
    sender="client",
    receiver="resource_server",
    at="/photos",
    rfc="6750#section-2.1",
    counts="final",
    carries="photos request",
    answers="photos",
)
def use_new_token(run: Seen) -> wire.Request:
    """
    The new access token is as good as the first one was, for the same photos and for five minutes more. So a client can
    work for weeks with tokens that live for minutes.
    """
    return use(run, run.answer_to(refresh).json["access_token"])


flow.break_it(use_new_token, *USE_TOKEN_WAYS)
api_asks(flow, use_new_token, "introspect_new")


@flow.step(
    "The client gives its tokens back",
    label="revokes the refresh token",
    button="give the tokens back",
    sender="client",
    receiver="authorization_server",
    at="/revoke",
    rfc="7009#section-2.1",
    carries="revocation request",
)
def give_back(run: Seen) -> wire.Request:
    """
    Alice disconnects PhotoPrint from Snapbox. A client that is done gives back what it holds, so that nobody can find
    it later. It names the refresh token; the server takes back all that came of the same yes with it.
    """
    form = {"token": run.answer_to(refresh).json["refresh_token"], "token_type_hint": "refresh_token"}
    form, headers = _form_and_who(run, form)
    return wire.post(f"{run.metadata['revocation_endpoint']}", form, *headers)


flow.break_it(
    give_back,
    Way("A token that does not exist", "Nothing to take back. Is that an error?", with_other("form", "token")),
    Way("As another client", "May one client end another’s work?",
        lambda prepared: [*without("header", "Authorization")(prepared), *without("form", "client_secret")(prepared),
                          *with_value("form", "client_id", "photoprint-app")(prepared)]),
    Way("Leave out token", "Give back what?", without("form", "token")),
    Way("Send it twice", "It is given back already.", once_more),
)  # fmt: skip


@flow.step(
    "Somebody uses the access token all the same",
    label="GET /photos, after all",
    button="use the access token all the same",
    sender="client",
    receiver="resource_server",
    at="/photos",
    rfc="7009#section-3",
    refused_by="grant_is_not_revoked|authorization_server_says_active",
    carries="photos request",
    answers="photos",
)
def use_revoked_token(run: Seen) -> wire.Request:
    """
    The access token that came with it has not run out yet. Does the API know that it was taken back? This one checks a
    JWT offline, by its signature and its times: nobody told it, so the token still works, until its time is over. Walk
    this flow with a list, or with an opaque token, to see the other answer.
    """
    return use(run, run.answer_to(refresh).json["access_token"])


flow.tell(
    use_revoked_token,
    {"token": "listed"},
    """
    The access token that came with it has not run out yet, and its signature is as good as ever. But this API looks
    into a list that Snapbox’s two servers share, and there it finds that the grant was taken back. So the token ends at
    once. Without such a list, or a question, it would work until its time is over.
""",
)
flow.tell(
    use_revoked_token,
    {"token": "opaque"},
    """
    The access token that came with it has not run out yet. But it is opaque, so the API asks the authorization server
    about it, now as each time before, and is told that it is no longer active. That is what asking at every call buys.
""",
)
flow.break_it(use_revoked_token, *USE_TOKEN_WAYS)
api_asks(flow, use_revoked_token, "introspect_revoked", refused_by="token_still_stands")


# What the token endpoint checks for this grant, after it knows which client is asking.


@check("invalid_request", "a request without a refresh token", rfc="6749#section-6", of="refresh_token")
def refresh_token_is_there(ask: TokenAsk) -> Finding:
    """Without it there is nothing to trade."""
    return passed() if ask.form.get("refresh_token") else failed(expected="a refresh_token", got="none in the form")


@check("invalid_grant", "a refresh token that this server never gave", rfc="6749#section-5.2", of="refresh_token")
def refresh_token_is_known(ask: TokenAsk) -> Finding:
    """A refresh token is a promise of this server. One of another server, or of another realm, is worth nothing
    here."""
    if ask.refresh_token is None:
        return failed(expected="a refresh token that this server has issued", got="one that it does not know")
    return passed("This server issued it.")


@check(
    "invalid_grant",
    "a refresh token that another client was given",
    rfc="6749#section-10.4",
    defence=True,
    of="refresh_token",
)
def refresh_token_was_issued_to_this_client(ask: TokenAsk) -> Finding:
    """A refresh token that leaked must be useless to every other client."""
    given_to = ask.refresh_token.client_id
    if given_to != ask.client_id:
        return failed(expected=given_to, got=ask.client_id)
    return passed(f"It was issued to {given_to}, and to nobody else.")


@check("invalid_grant", "a refresh token that was taken back", rfc="7009#section-2.1", of="refresh_token")
def refresh_token_is_not_revoked(ask: TokenAsk) -> Finding:
    """Alice’s yes can be taken back: by her, by the client when it is done, or by the server after a theft."""
    if ask.refresh_token.revoked_at is not None:
        return failed(expected="a grant that still stands", got="one that was taken back")
    return passed("It still stands.")


@check("invalid_grant", "a refresh token that has expired", rfc="6749#section-5.2", of="refresh_token")
def refresh_token_has_not_expired(ask: TokenAsk) -> Finding:
    """It lives long, but not for ever: an order that nobody used for a month is one that nobody remembers."""
    left = ask.refresh_token.expires_at - ask.realm.now()
    if left <= 0:
        return failed(expected="a refresh token in its time", got=f"one that ended {-left} s ago")
    return passed(f"Good for {left} s more.")


@check("invalid_scope", "more than Alice approved", rfc="6749#section-6")
def scope_is_no_more_than_before(ask: TokenAsk) -> Finding:
    """A refresh may ask for less, never for more: Alice is not there to be asked."""
    before = ask.refresh_token.scope
    asked = ask.form.get("scope") or before
    if any(name not in before.split(" ") for name in asked.split(" ")):
        return failed(expected=before, got=asked)
    return passed(f"The same as before: {before}." if asked == before else f"{asked}, of {before}.")


@check("invalid_grant", "a refresh token that was used before", rfc="9700#section-4.14.2", of="refresh_token")
def spend_refresh_token(ask: TokenAsk) -> Finding:
    """Each one works once, and the next comes with the answer. It is spent here, last of all, so that a refusal above
    never costs the rightful client its token."""
    sent = {
        "its_realm": ask.realm.name,
        "its_refresh_token": ask.refresh_token.refresh_token,
        "used_at": ask.realm.now(),
    }
    with ask.realm.store.transaction() as connection:
        won = connection.execute(_SPEND, sent).one_or_none()
    if won is None:
        return failed(
            expected="a refresh token that nobody has used",
            got="this one was used before; all that came of the same yes is revoked now",
        )
    return passed("It was unused, and is spent now.")


_SPEND = (
    update(refresh_tokens)
    .where(
        refresh_tokens.c.realm == bindparam("its_realm"),
        refresh_tokens.c.refresh_token == bindparam("its_refresh_token"),
        refresh_tokens.c.used_at.is_(None),
    )
    .values(used_at=bindparam("used_at"))
    .returning(refresh_tokens.c.refresh_token)
)

REFRESH = [
    refresh_token_is_there,
    refresh_token_is_known,
    refresh_token_was_issued_to_this_client,
    refresh_token_is_not_revoked,
    refresh_token_has_not_expired,
    scope_is_no_more_than_before,
    spend_refresh_token,
]


def given(ask: TokenAsk, _: Fresh) -> Given:
    """As before, or less; of the same family. Less is for this access token only: the next may be whole again."""
    before = ask.refresh_token
    return Given(before.sub, ask.form.get("scope") or before.scope, before.family, whole_scope=before.scope)
