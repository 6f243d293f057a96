"""PhotoPrint, the sandbox's own client, attacked at its callback: it believes nothing that does not answer its own
question, and then it sends nothing to anybody."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from parties import (
    Browser,
    World,
    body,
    fetch,
    headers,
    location,
    redeem,
    refused_by,
    returned,
    text,
    timed_world,
    token_of,
)
from sqlalchemy import select

from flows import wire
from flows.client import SESSION_COOKIE
from flows.entry import Entry
from flows.realm import find_realm
from flows.stage import Stage
from flows.store import access_tokens, codes, exchanges
from flows.story import ALICES_PHOTOS

AT = "/client/sandbox"


@pytest.fixture
def world(entry: Entry) -> World:
    return World(entry)


@pytest.fixture
def alice(world: World) -> Browser:
    return Browser(world)


def answer_to(alice: Browser, decision: str = "approve") -> str:
    """Walk up to the answer: the address of the callback, not yet gone to."""
    asked = location(alice.get(f"{alice.world.shop}/print"))
    return location(alice.submit(alice.log_in(asked), decision=decision))


def changed(url: str, **changes: str | None) -> str:
    """The same address with parameters replaced, or left out where None."""
    parts = urlsplit(url)
    kept = {name: value for name, value in {**dict(parse_qsl(parts.query)), **changes}.items() if value is not None}
    return parts._replace(query=urlencode(kept)).geturl()


def redemptions(world: World) -> int:
    """How many times a client of ours has asked for a token."""
    with world.entry.stage.runs.store.reading() as connection:
        return len(connection.execute(select(exchanges).where(exchanges.c.step == "redeem_code")).all())


def assert_nothing_was_redeemed(world: World) -> None:
    with world.entry.stage.runs.store.reading() as connection:
        assert [row.used_at for row in connection.execute(select(codes))] in ([], [None])
    assert world.count(access_tokens) == 0
    assert redemptions(world) == 0


def assert_refused(answer: wire.Answered, check: str, status: int = 400) -> None:
    assert (answer.response.status, refused_by(answer)) == (status, check)
    assert headers(answer, "Location") == []
    assert answer.response.content_type == "text/html"


def test_whole_flow_through_the_forms_ends_with_the_photos(world: World, alice: Browser) -> None:
    shown = alice.get(location(alice.get(answer_to(alice))))
    assert shown.response.status == 200
    for photo in ALICES_PHOTOS:
        assert photo.title in text(shown)
    assert redemptions(world) == 1
    assert world.count(access_tokens) == 1


def test_question_of_the_client_has_all_that_protects_it(world: World, alice: Browser) -> None:
    asked = parse_qs(urlsplit(location(alice.get(f"{world.shop}/print"))).query)
    assert sorted(asked) == sorted(
        ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"]
    )
    assert asked["code_challenge_method"] == ["S256"]
    assert (len(asked["state"][0]), len(asked["code_challenge"][0])) == (43, 43)


def test_every_session_has_its_own_state_and_challenge(world: World) -> None:
    asked = [parse_qs(urlsplit(location(Browser(world).get(f"{world.shop}/print"))).query) for _ in range(3)]
    assert len({each["state"][0] for each in asked}) == 3
    assert len({each["code_challenge"][0] for each in asked}) == 3


def test_callback_takes_the_code_out_of_the_address_bar(world: World, alice: Browser) -> None:
    assert location(alice.get(answer_to(alice))) == f"{world.shop}/prints"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"state": None}, "state_is_mine"),
        ({"state": ""}, "state_is_mine"),
        ({"state": "of-somebody-else"}, "state_is_mine"),
        ({"iss": None}, "iss_is_whom_i_asked"),
        ({"iss": "http://evil.example"}, "iss_is_whom_i_asked"),
        ({"iss": "http://localhost:8765/auth/sandbox/"}, "iss_is_whom_i_asked"),
        ({"iss": "http://auth.localhost:8765/sandbox"}, "iss_is_whom_i_asked"),
        ({"code": None}, "code_or_error_came_back"),
        ({"code": ""}, "code_or_error_came_back"),
        ({"state": "x", "iss": "x", "code": None}, "state_is_mine"),
    ],
)
def test_answer_that_is_not_to_its_question_is_refused_and_nothing_is_sent(
    world: World, alice: Browser, changes: dict[str, str | None], check: str
) -> None:
    answer = alice.get(changed(answer_to(alice), **changes))
    assert_refused(answer, check)
    alice.get(f"{world.shop}/prints")
    assert_nothing_was_redeemed(world)


@pytest.mark.parametrize("name", ["code", "state", "iss", "unknown"])
def test_repeated_parameter_is_refused_and_nothing_is_sent(world: World, alice: Browser, name: str) -> None:
    more = "&unknown=1" if name == "unknown" else ""
    assert_refused(alice.get(answer_to(alice) + f"{more}&{name}=x"), "no_parameter_is_repeated")
    alice.get(f"{world.shop}/prints")
    assert_nothing_was_redeemed(world)


@pytest.mark.parametrize("raw", ["x=%ff", "x=%00", "%0d%0a=x"])
def test_parameters_that_are_no_text_are_refused_and_nothing_is_sent(world: World, alice: Browser, raw: str) -> None:
    assert_refused(alice.get(answer_to(alice) + "&" + raw), "parameters_are_text")
    alice.get(f"{world.shop}/prints")
    assert_nothing_was_redeemed(world)


def test_no_is_understood_and_nothing_is_sent(world: World, alice: Browser) -> None:
    answer = alice.get(answer_to(alice, "deny"))
    assert (answer.response.status, refused_by(answer)) == (200, None)
    assert "You did not allow it" in text(answer)
    alice.get(f"{world.shop}/prints")
    assert_nothing_was_redeemed(world)


def test_error_beside_a_code_is_still_an_error(world: World, alice: Browser) -> None:
    assert "Snapbox refused to be asked" in text(alice.get(answer_to(alice) + "&error=server_error"))
    alice.get(f"{world.shop}/prints")
    assert_nothing_was_redeemed(world)


def test_error_with_a_wrong_state_is_not_believed(world: World, alice: Browser) -> None:
    assert_refused(alice.get(changed(answer_to(alice, "deny"), state="x")), "state_is_mine")


@pytest.mark.parametrize(
    "cookie",
    ["", "x", ".", "x.y", "sandbox.x", "{run}", "{run}.", "{run}.x", "{run}.{proof}x", "..{proof}", "\u00e9.\u00e9"],
)
def test_forged_cookie_is_no_session(world: World, alice: Browser, cookie: str) -> None:
    url = answer_to(alice)
    run, _, proof = alice.jar[AT, SESSION_COOKIE].partition(".")
    alice.jar[AT, SESSION_COOKIE] = cookie.format(run=run, proof=proof)
    assert_refused(alice.get(url), "session_is_known")
    assert_refused(alice.get(f"{world.shop}/prints"), "session_is_known")
    assert_nothing_was_redeemed(world)


def test_without_a_cookie_there_is_no_session(world: World, alice: Browser) -> None:
    assert_refused(Browser(world).get(answer_to(alice)), "session_is_known")
    assert_nothing_was_redeemed(world)


def test_code_of_mallory_in_the_session_of_alice_is_refused(world: World, alice: Browser) -> None:
    """RFC 6749 §10.12: otherwise Alice would print, or pay for, what is not hers."""
    mallorys = answer_to(Browser(world))
    answer_to(alice)
    assert_refused(alice.get(mallorys), "state_is_mine")
    alice.get(f"{world.shop}/prints")
    assert_nothing_of_the_client_was_redeemed(world)


def assert_nothing_of_the_client_was_redeemed(world: World) -> None:
    assert (redemptions(world), world.count(access_tokens)) == (0, 0)


def test_session_of_another_realm_is_none_here(entry: Entry, world: World, alice: Browser) -> None:
    """A run's own client makes a cookie that fits its realm only."""
    url = answer_to(alice)
    run = entry.stage.runs.find(entry.stage.runs.start("authorization_code", {}, "somebody"))
    alice.jar[AT, SESSION_COOKIE] = f"{run.id}.{run.secret('session')}"
    assert_refused(alice.get(url), "session_is_known")
    assert_nothing_was_redeemed(world)


def test_answer_that_was_refused_does_not_spoil_the_right_one(world: World, alice: Browser) -> None:
    url = answer_to(alice)
    assert_refused(alice.get(changed(url, state="x")), "state_is_mine")
    assert alice.get(location(alice.get(url))).response.status == 200


def test_forged_answer_after_the_right_one_does_not_spoil_it(world: World, alice: Browser) -> None:
    """Any page can make Alice's browser open the callback, so a refusal there must cost her nothing."""
    prints = location(alice.get(answer_to(alice)))
    assert_refused(alice.get(f"{world.shop}/callback?code=x&state=x&iss=x"), "state_is_mine")
    assert alice.get(prints).response.status == 200


def test_answer_that_comes_again_is_not_redeemed_again(world: World, alice: Browser) -> None:
    """A reload sends the same code, and a second redemption would revoke what the first one gave."""
    url = answer_to(alice)
    assert alice.get(location(alice.get(url))).response.status == 200
    alice.get(url)
    assert alice.get(f"{world.shop}/prints").response.status == 200
    assert redemptions(world) == 1


def test_state_is_good_for_one_answer(world: World, alice: Browser) -> None:
    """RFC 9700 §2.1: one-time use. A second code under the same state is not the answer to the same question."""
    asked = location(alice.get(f"{world.shop}/print"))
    first = location(alice.approve(asked))
    second = location(alice.submit(alice.get(asked), decision="approve"))
    alice.get(location(alice.get(first)))
    assert alice.get(second).response.status == 400
    assert redemptions(world) == 1


def test_prints_page_reloaded_fetches_nothing_again(world: World, alice: Browser) -> None:
    prints = location(alice.get(answer_to(alice)))
    before = [alice.get(prints).response.status, world.count(exchanges)]
    assert [alice.get(prints).response.status, world.count(exchanges)] == before
    assert redemptions(world) == 1


def test_prints_before_any_answer_is_a_clear_4xx(world: World, alice: Browser) -> None:
    alice.get(f"{world.shop}/print")
    answer = alice.get(f"{world.shop}/prints")
    assert 400 <= answer.response.status < 500
    assert_nothing_was_redeemed(world)


def test_code_that_somebody_else_spent_ends_in_a_clear_page(world: World, alice: Browser) -> None:
    url = answer_to(alice)
    prints = location(alice.get(changed(url, code="never-issued")))
    answer = alice.get(prints)
    assert "Snapbox did not give us the photos" in text(answer)
    assert "Traceback" not in text(answer)


def test_neither_token_nor_code_is_in_any_page_of_the_client(entry: Entry, world: World, alice: Browser) -> None:
    url = answer_to(alice)
    answers = [alice.get(url), alice.get(f"{world.shop}/prints"), alice.get(f"{world.shop}/"), alice.get(url)]
    run = entry.stage.runs.find(alice.jar[AT, SESSION_COOKIE].partition(".")[0])
    code = dict(parse_qsl(urlsplit(url).query))["code"]
    token = next(exchange.json["access_token"] for exchange in run.exchanges if exchange.step == "redeem_code")
    assert refused_by(fetch(world, token)) in (None, "grant_is_not_revoked")
    for answer in answers:
        for secret in (code, token, "photoprint-secret"):
            assert secret.encode() not in answer.response.raw()


def test_page_that_refuses_does_not_show_the_code(world: World, alice: Browser) -> None:
    url = answer_to(alice)
    code = dict(parse_qsl(urlsplit(url).query))["code"]
    for wrong in ({"state": "x"}, {"iss": "x"}, {"error": "x"}):
        assert code not in text(alice.get(changed(url, **wrong)))


def test_refusal_does_not_tell_the_state_it_was_waiting_for(world: World, alice: Browser) -> None:
    url = answer_to(alice)
    state = dict(parse_qsl(urlsplit(url).query))["state"]
    assert state not in text(alice.get(changed(url, state="guess")))


@pytest.mark.parametrize("name", ["state", "iss", "error"])
def test_html_in_the_answer_is_shown_as_text(world: World, alice: Browser, name: str) -> None:
    assert "<script" not in text(alice.get(changed(answer_to(alice), **{name: "<script>alert(1)</script>"})))


def test_photo_that_was_added_is_shown_as_text_and_without_a_broken_picture(world: World, alice: Browser) -> None:
    token = token_of(world, scope="photos.read photos.write")
    sent = b'{"title":"<script>alert(1)</script>"}'
    kind = (("Content-Type", "application/json"), ("Content-Length", str(len(sent))))
    asked = wire.get(world.photos, wire.bearer(token), *kind)
    assert world.send(wire.Request("POST", asked.target, asked.headers, sent)).response.status == 201
    shown = text(alice.get(location(alice.get(answer_to(alice)))))
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert 'src="None"' not in shown


def test_cookie_of_the_client_is_for_this_realm_and_for_http_only(world: World, alice: Browser) -> None:
    (cookie,) = headers(alice.get(f"{world.shop}/print"), "Set-Cookie")
    assert set(cookie.split("; ")[1:]) == {"HttpOnly", "Path=/client/sandbox", "SameSite=Lax"}


@pytest.mark.parametrize("at", ["/", "/print", "/callback", "/prints"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_405(world: World, at: str, method: str) -> None:
    lines = (("Host", "localhost:8765"), ("Content-Length", "0"))
    answer = world.send(wire.Request(method, AT + at, lines))
    assert answer.response.status == 405
    assert {each.strip() for each in headers(answer, "Allow")[0].split(",")} == {"GET", "HEAD", "OPTIONS"}


def test_body_that_nobody_asked_for_does_not_break_what_comes_after(world: World, alice: Browser) -> None:
    """A GET may have a body. The exchange is recorded, and must be readable afterwards."""
    target = answer_to(alice).removeprefix("http://localhost:8765")
    cookie = ("Cookie", f"{SESSION_COOKIE}={alice.jar[AT, SESSION_COOKIE]}")
    sent = b"x" * 200_000
    lines = (("Host", "localhost:8765"), cookie, ("Content-Length", str(len(sent))))
    assert world.send(wire.Request("GET", target, lines, sent)).response.status in (303, 413)
    assert alice.get(f"{world.shop}/prints").response.status < 500


def test_client_of_a_walk_does_not_play_its_steps_for_a_stranger(entry: Entry, stage: Stage) -> None:
    """Only the browser that started a run moves it; a stranger who knows its address must not redeem its code."""
    run = stage.runs.find(stage.runs.start("authorization_code", {}, "somebody"))
    while run.next_steps[0].name != "redeem_code":
        run = stage.send(run.id, run.next_steps[0].name, len(run.exchanges))
    walked = len(run.walked)
    host = ("Host", "client.localhost:8765")
    answer = wire.call(entry, wire.Request("GET", f"/{run.id}/print", (host,)).raw())
    cookie = headers(answer, "Set-Cookie")[0].split(";")[0]
    wire.call(entry, wire.Request("GET", f"/{run.id}/prints", (host, ("Cookie", cookie))).raw())
    assert len(stage.runs.find(run.id).walked) == walked


def test_realm_without_a_run_answers_all_the_same(entry: Entry) -> None:
    """A realm can outlive its run for a moment, while old ones are forgotten."""
    world = timed_world(entry)
    assert find_realm(entry.stage.runs.store, world.name)
    answer = wire.call(entry, wire.get(f"{world.issuer}/jwks").raw())
    assert answer.response.status < 500


def test_token_of_a_stolen_code_is_refused_once_the_client_redeems_it_too(world: World, alice: Browser) -> None:
    """Mallory knows code, verifier and secret, and was first. The honest client's turn revokes what she got."""
    url = answer_to(alice)
    code = dict(parse_qsl(urlsplit(url).query))["code"]
    run = world.entry.stage.runs.find(alice.jar[AT, SESSION_COOKIE].partition(".")[0])
    stolen = redeem(world, code, redirect_uri=f"{world.shop}/callback", code_verifier=run.secret("code_verifier"))
    token = body(stolen)["access_token"]
    assert fetch(world, token).response.status == 200
    alice.get(location(alice.get(url)))
    assert refused_by(fetch(world, token)) == "grant_is_not_revoked"


def test_answer_is_in_the_query_of_the_callback_and_nowhere_else(world: World, alice: Browser) -> None:
    asked = location(alice.get(f"{world.shop}/print"))
    answer = alice.approve(asked)
    assert [name for name, _ in returned(answer)] == ["code", "state", "iss"]
    assert location(answer).startswith(f"{world.shop}/callback?")
    assert "#" not in location(answer)
