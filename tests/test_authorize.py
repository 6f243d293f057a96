"""/authorize and its two pages, attacked: whatever is not right is refused, and never by a redirect to a stranger."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from parties import (
    CALLBACK,
    LOOPBACK,
    NOON,
    VERIFIER,
    Browser,
    World,
    headers,
    location,
    question,
    redeem,
    refused_by,
    returned,
    text,
    timed_world,
)

from flows import wire
from flows.entry import Entry
from flows.pkce import s256
from flows.store import codes

HTML = '"><script>alert(1)</script>'
CSP = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"


@pytest.fixture
def world(entry: Entry) -> World:
    return World(entry)


@pytest.fixture
def alice(world: World) -> Browser:
    return Browser(world)


def ask(world: World, url: str, *more: tuple[str, str]) -> wire.Answered:
    return world.send(wire.get(url, *more))


# Who asks: a page, never a redirect.


@pytest.mark.parametrize(
    "uri",
    [
        CALLBACK + "/",
        "http://127.0.0.1:8766/Callback",
        "HTTP://127.0.0.1:8766/callback",
        CALLBACK + "?",
        CALLBACK + "?x=1",
        CALLBACK + "#",
        CALLBACK + "#x",
        CALLBACK + "/../evil",
        "http://127.0.0.1:8766/call%62ack",
        "http://127.0.0.1:8766//callback",
        "http://127.0.0.1:8767/callback",
        "http://127.0.0.1/callback",
        "http://localhost:8766/callback",
        "https://127.0.0.1:8766/callback",
        "http://user@127.0.0.1:8766/callback",
        "http://127.0.0.1:8766@evil.example/callback",
        "http://127.0.0.1:8766.evil.example/callback",
        "http://[",
        "http://127.0.0.1:99999999/callback",
        "javascript:alert(1)",
        "data:text/html,hello",
        "//127.0.0.1:8766/callback",
        "/callback",
        " " + CALLBACK,
        CALLBACK + " ",
        "*",
        "http://127.0.0.1:8766/callbacke\u0301",
    ],
)
def test_redirect_uri_that_is_not_registered_to_the_letter_gets_a_page(world: World, uri: str) -> None:
    answer = ask(world, question(world, redirect_uri=uri))
    assert answer.response.status == 400
    assert refused_by(answer) == "redirect_uri_is_registered"
    assert headers(answer, "Location") == []
    assert answer.response.content_type == "text/html"


@pytest.mark.parametrize("uri", ["", None], ids=["empty", "missing"])
def test_redirect_uri_must_be_named_by_a_client_that_has_two(world: World, uri: str | None) -> None:
    answer = ask(world, question(world, redirect_uri=uri))
    assert (answer.response.status, refused_by(answer)) == (400, "redirect_uri_is_registered")
    assert headers(answer, "Location") == []


@pytest.mark.parametrize(
    "more",
    [
        f"&redirect_uri={CALLBACK}",
        "&redirect_uri=http://evil.example/",
        "&redirect_uri=",
        "&client_id=photoprint",
        "&client_id=photoprint-app",
        "&client_id=",
        "&%63lient_id=photoprint-app",
    ],
)
def test_repeated_client_id_or_redirect_uri_gets_a_page(world: World, more: str) -> None:
    answer = ask(world, question(world) + more)
    assert (answer.response.status, refused_by(answer)) == (400, "client_and_redirect_uri_come_once")
    assert headers(answer, "Location") == []


@pytest.mark.parametrize("client_id", [None, "", "nobody", "Photoprint", "photoprint "])
def test_unknown_client_gets_a_page(world: World, client_id: str | None) -> None:
    url = question(world, redirect_uri=CALLBACK) + "&x=1"
    url = url.replace("client_id=photoprint", "" if client_id is None else f"client_id={quote(client_id)}")
    answer = ask(world, url)
    assert (answer.response.status, refused_by(answer)) == (400, "client_is_known")
    assert headers(answer, "Location") == []


@pytest.mark.parametrize("raw", ["state=%ff", "state=%00", "state=a%0d%0aLocation:x", "%00=1", "x=%7f", "x=%c3%28"])
def test_parameters_that_are_no_text_get_a_page(world: World, raw: str) -> None:
    answer = ask(world, question(world, state=None) + "&" + raw)
    assert (answer.response.status, refused_by(answer)) == (400, "parameters_are_text")
    assert headers(answer, "Location") == []


@pytest.mark.parametrize("uri", [LOOPBACK, "http://127.0.0.1:1234/callback", "http://127.0.0.1:65535/callback"])
def test_native_client_chooses_its_loopback_port(world: World, uri: str) -> None:
    answer = ask(world, question(world, "photoprint-app", redirect_uri=uri))
    assert (answer.response.status, refused_by(answer)) == (200, None)


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:1234/callback",
        "http://127.0.0.1:1234/other",
        "http://127.0.0.1:1234/callback/",
        "http://127.0.0.1:1234/callback?x=1",
        "http://127.0.0.1:1234",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:-1/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:99999999/callback",
        "http://127.0.0.1:١٢/callback",
        "http://127.0.0.2:1234/callback",
        "http://[::1]:1234/callback",
        "http://me@127.0.0.1:1234/callback",
        "http://127.0.0.1:1234@evil.example/callback",
        "https://127.0.0.1:1234/callback",
    ],
)
def test_nothing_but_the_loopback_port_varies(world: World, uri: str) -> None:
    answer = ask(world, question(world, "photoprint-app", redirect_uri=uri))
    assert (answer.response.status, refused_by(answer)) == (400, "redirect_uri_is_registered")
    assert headers(answer, "Location") == []


def test_client_with_one_redirect_uri_need_not_name_it(world: World, alice: Browser) -> None:
    answer = alice.approve(question(world, "photoprint-app", redirect_uri=None))
    assert location(answer).startswith(LOOPBACK + "?code=")
    redeemed = redeem(world, dict(returned(answer))["code"], "photoprint-app", redirect_uri=None)
    assert redeemed.response.status == 200


# What is asked: the error goes back to the client, with state and iss.


@pytest.mark.parametrize(
    ("changes", "check", "error"),
    [
        ({"response_type": None}, "response_type_is_there", "invalid_request"),
        ({"response_type": ""}, "response_type_is_there", "invalid_request"),
        ({"response_type": "id_token"}, "response_type_is_supported", "unsupported_response_type"),
        ({"response_type": "code token"}, "response_type_is_supported", "unsupported_response_type"),
        ({"response_type": "CODE"}, "response_type_is_supported", "unsupported_response_type"),
        ({"scope": "photos.delete"}, "scope_is_known", "invalid_scope"),
        ({"scope": "photos.read photos.delete"}, "scope_is_known", "invalid_scope"),
        ({"scope": "photos.read  photos.write"}, "scope_is_known", "invalid_scope"),
        ({"scope": "photos.read,photos.write"}, "scope_is_known", "invalid_scope"),
        ({"code_challenge_method": None}, "code_challenge_method_is_s256", "invalid_request"),
        ({"code_challenge_method": "plain"}, "code_challenge_method_is_s256", "invalid_request"),
        ({"code_challenge_method": "s256"}, "code_challenge_method_is_s256", "invalid_request"),
        ({"code_challenge_method": "S512"}, "code_challenge_method_is_s256", "invalid_request"),
        ({"code_challenge": s256(VERIFIER)[:42]}, "code_challenge_is_well_formed", "invalid_request"),
        ({"code_challenge": s256(VERIFIER) + "A"}, "code_challenge_is_well_formed", "invalid_request"),
        ({"code_challenge": s256(VERIFIER) + "="}, "code_challenge_is_well_formed", "invalid_request"),
        ({"code_challenge": "+" * 43}, "code_challenge_is_well_formed", "invalid_request"),
        ({"code_challenge": "é" * 43}, "code_challenge_is_well_formed", "invalid_request"),
    ],
)
@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app"])
def test_wrong_question_is_told_to_the_client(
    world: World, client_id: str, changes: dict[str, str | None], check: str, error: str
) -> None:
    answer = ask(world, question(world, client_id, **changes))
    assert refused_by(answer) == check
    assert returned(answer) == [("error", error), ("state", "a state"), ("iss", world.issuer)]


@pytest.mark.parametrize("method", [None, "S256"], ids=["nothing", "method only"])
def test_public_client_without_code_challenge_is_refused(world: World, method: str | None) -> None:
    answer = ask(world, question(world, "photoprint-app", code_challenge=None, code_challenge_method=method))
    assert refused_by(answer) == "public_client_sends_a_code_challenge"
    assert returned(answer)[0] == ("error", "invalid_request")


def test_method_without_challenge_is_refused(world: World) -> None:
    answer = ask(world, question(world, code_challenge=None))
    assert refused_by(answer) == "code_challenge_method_is_s256"
    assert returned(answer)[0] == ("error", "invalid_request")


@pytest.mark.parametrize("name", ["scope", "state", "code_challenge", "response_type", "unknown"])
def test_any_other_repeated_parameter_is_told_to_the_client(world: World, name: str) -> None:
    url = question(world) + f"&{name}=1" + ("&unknown=2" if name == "unknown" else "")
    answer = ask(world, url)
    assert refused_by(answer) == "no_parameter_is_repeated"
    assert [pair for pair in returned(answer) if pair[0] != "state"] == [
        ("error", "invalid_request"),
        ("iss", world.issuer),
    ]


STATES = ["a&b=c", "1+1 =2", "a%26b%3Dc", "ünïcode ☂ 𝕏", "<b>'\"</b>", "#x?y/z;", "x" * 4000, "iss=http://evil.example"]


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
def test_state_and_iss_come_back_once_and_unchanged(world: World, alice: Browser, state: str) -> None:
    consent = alice.log_in(question(world, state=state))
    answers = [
        alice.submit(consent, decision="approve"),
        alice.submit(alice.get(question(world, state=state)), decision="deny"),
        alice.get(question(world, state=state, scope="nothing")),
    ]
    for answer, first in zip(answers, ["code", "error", "error"], strict=True):
        came = returned(answer)
        assert [name for name, _ in came] == [first, "state", "iss"]
        assert came[1:] == [("state", state), ("iss", world.issuer)]
        assert location(answer).startswith(CALLBACK + "?")


def test_without_state_none_comes_back(world: World, alice: Browser) -> None:
    assert [name for name, _ in returned(alice.approve(question(world, state=None)))] == ["code", "iss"]


def test_scope_that_was_not_named_is_photos_read(world: World, alice: Browser) -> None:
    answer = alice.approve(question(world, scope=None))
    assert b'"scope":"photos.read"' in redeem(world, dict(returned(answer))["code"]).response.body


# The endpoint itself.


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_authorize_takes_only_get(world: World, method: str) -> None:
    asked = wire.get(question(world))
    answer = world.send(wire.Request(method, asked.target, (*asked.headers, ("Content-Length", "0"))))
    assert answer.response.status == 405
    (allow,) = headers(answer, "Allow")
    assert {each.strip() for each in allow.split(",")} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("at", ["authorize", "login", "consent"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_script_of_another_origin_is_let_in(world: World, at: str, method: str) -> None:
    origin = (("Origin", "http://evil.example"), ("Access-Control-Request-Method", method))
    asked = wire.Request(method, f"/auth/{world.name}/{at}", (("Host", "localhost:8765"), *origin))
    assert [name for name, _ in world.send(asked).response.headers if name.lower().startswith("access-control")] == []


def test_pages_cannot_be_framed_and_forms_may_redirect(world: World, alice: Browser) -> None:
    login = alice.get(question(world))
    refused = alice.submit(login, username="alice", password="looking-glass")
    pages = [login, refused, alice.log_in(question(world)), ask(world, question(world, "nobody"))]
    for page in pages:
        assert headers(page, "Content-Security-Policy") == [CSP]
        assert headers(page, "X-Frame-Options") == ["DENY"]
        assert headers(page, "X-Content-Type-Options") == ["nosniff"]
        assert headers(page, "Referrer-Policy") == ["no-referrer"]
        assert headers(page, "Cache-Control") == ["no-store"]


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "unknown"])
def test_html_in_a_parameter_is_shown_as_text(world: World, name: str) -> None:
    answer = ask(world, question(world, **{name: HTML}))
    assert "<script" not in text(answer)


def test_html_in_a_form_field_is_shown_as_text(world: World, alice: Browser) -> None:
    login = alice.get(question(world, state=HTML))
    answers = [
        alice.submit(login, username=HTML, password=HTML),
        alice.submit(login, csrf=HTML),
        alice.submit(login, authorization_request=HTML),
        alice.submit(alice.log_in(question(world, state=HTML)), decision=HTML),
    ]
    for answer in answers:
        assert "<script" not in text(answer)
        assert 400 <= answer.response.status < 500


# Logging in.


def test_wrong_password_and_unknown_user_are_told_the_same(world: World, alice: Browser) -> None:
    login = alice.get(question(world))
    known = alice.submit(login, username="alice", password="looking-glass")
    unknown = alice.submit(login, username="hatta", password="wonderland")
    for answer in (known, unknown):
        assert (answer.response.status, refused_by(answer)) == (403, "password_fits")
    assert known.environ["tokenwalk.checks"] == unknown.environ["tokenwalk.checks"]
    assert text(known).replace('value="alice"', "") == text(unknown).replace('value="hatta"', "")


@pytest.mark.parametrize("filled", [{}, {"username": "alice"}, {"password": "wonderland"}, {"username": "nobody"}])
def test_half_a_pair_does_not_log_in(world: World, alice: Browser, filled: dict[str, str]) -> None:
    answer = alice.submit(alice.get(question(world)), **filled)
    assert (answer.response.status, refused_by(answer)) == (403, "password_fits")


@pytest.mark.parametrize("password", ["wonderland", "looking-glass"])
def test_password_is_in_no_answer_and_no_verdict(world: World, alice: Browser, password: str) -> None:
    answer = alice.submit(alice.get(question(world)), username="alice", password=password)
    assert password.encode() not in answer.response.raw()
    assert password not in repr(answer.environ["tokenwalk.checks"])


@pytest.mark.parametrize("form", ["login", "consent"])
@pytest.mark.parametrize("csrf", ["", "x", "é"])
def test_form_without_its_csrf_value_is_refused(world: World, alice: Browser, form: str, csrf: str) -> None:
    page = alice.get(question(world)) if form == "login" else alice.log_in(question(world))
    answer = alice.submit(page, csrf=csrf, username="alice", password="wonderland", decision="approve")
    assert (answer.response.status, refused_by(answer)) == (403, "form_came_from_our_page")
    assert headers(answer, "Location") == headers(answer, "Set-Cookie") == []
    assert world.count(codes) == 0


def test_csrf_value_of_another_session_is_refused(world: World, alice: Browser) -> None:
    mallory = Browser(world)
    theirs = mallory.hidden(mallory.get(question(world)))
    answer = alice.submit(alice.get(question(world)), csrf=theirs["csrf"], username="alice", password="wonderland")
    assert (answer.response.status, refused_by(answer)) == (403, "form_came_from_our_page")


def test_form_without_the_session_cookie_is_refused(world: World, alice: Browser) -> None:
    hidden = alice.hidden(alice.get(question(world)))
    form = {**hidden, "username": "alice", "password": "wonderland"}
    answer = Browser(world).post(f"{world.issuer}/login", form)
    assert (answer.response.status, refused_by(answer)) == (403, "form_came_from_our_page")


def test_authorization_request_of_another_session_is_refused(world: World, alice: Browser) -> None:
    mallory = Browser(world)
    theirs = mallory.hidden(mallory.get(question(world)))["authorization_request"]
    login = alice.submit(
        alice.get(question(world)), authorization_request=theirs, username="alice", password="wonderland"
    )
    consent = alice.submit(alice.log_in(question(world)), authorization_request=theirs, decision="approve")
    for answer in (login, consent):
        assert (answer.response.status, refused_by(answer)) == (400, "authorization_request_is_open")
        assert headers(answer, "Location") == []


def test_session_id_changes_at_login_and_the_old_one_stays_nobodys(world: World, alice: Browser) -> None:
    login = alice.get(question(world))
    planted = alice.session()
    alice.submit(login, username="alice", password="wonderland")
    assert alice.session() != planted
    mallory = Browser(world, {(f"/auth/{world.name}", "snapbox_session"): planted})
    assert "Log in to Snapbox" in text(mallory.get(question(world)))


def test_made_up_session_id_is_replaced(world: World) -> None:
    mallory = Browser(world, {(f"/auth/{world.name}", "snapbox_session"): "made-up"})
    mallory.get(question(world))
    assert mallory.session() != "made-up"


def test_session_of_another_realm_is_nobody_here(entry: Entry, world: World, alice: Browser) -> None:
    alice.log_in(question(world))
    other = timed_world(entry)
    mallory = Browser(other, {(f"/auth/{other.name}", "snapbox_session"): alice.session()})
    assert "Log in to Snapbox" in text(mallory.get(question(other)))


def test_cookie_is_for_this_realm_and_for_http_only(world: World, alice: Browser) -> None:
    login = alice.get(question(world))
    for answer in (login, alice.submit(login, username="alice", password="wonderland")):
        (cookie,) = headers(answer, "Set-Cookie")
        assert set(cookie.split("; ")[1:]) == {"HttpOnly", "Path=/auth/sandbox", "SameSite=Lax"}


@pytest.mark.parametrize(("age", "status"), [(599, 303), (600, 400)])
def test_login_page_is_good_for_ten_minutes(entry: Entry, age: int, status: int) -> None:
    world = timed_world(entry)
    alice = Browser(world)
    login = alice.get(question(world))
    world.set_clock(NOON + age)
    answer = alice.submit(login, username="alice", password="wonderland")
    assert answer.response.status == status
    assert refused_by(answer) == (None if status == 303 else "authorization_request_is_open")


@pytest.mark.parametrize(("age", "status"), [(599, 303), (600, 400)])
def test_consent_page_is_good_for_ten_minutes(entry: Entry, age: int, status: int) -> None:
    world = timed_world(entry)
    alice = Browser(world)
    consent = alice.log_in(question(world))
    world.set_clock(NOON + age)
    answer = alice.submit(consent, decision="approve")
    assert answer.response.status == status
    assert refused_by(answer) == (None if status == 303 else "authorization_request_is_open")


@pytest.mark.parametrize(("age", "page"), [(86399, "Allow PhotoPrint?"), (86400, "Log in to Snapbox")])
def test_login_lasts_a_day(entry: Entry, age: int, page: str) -> None:
    world = timed_world(entry)
    alice = Browser(world)
    alice.log_in(question(world))
    world.set_clock(NOON + age)
    assert page in text(alice.get(question(world)))


# Consent.


def test_deny_gives_access_denied_and_no_code(world: World, alice: Browser) -> None:
    answer = alice.submit(alice.log_in(question(world)), decision="deny")
    assert returned(answer) == [("error", "access_denied"), ("state", "a state"), ("iss", world.issuer)]
    assert world.count(codes) == 0


@pytest.mark.parametrize("first", ["approve", "deny"])
def test_one_consent_page_is_answered_once(world: World, alice: Browser, first: str) -> None:
    consent = alice.log_in(question(world))
    assert alice.submit(consent, decision=first).response.status == 303
    again = alice.submit(consent, decision="approve")
    assert (again.response.status, refused_by(again)) == (400, "answer_is_given_once")
    assert headers(again, "Location") == []
    assert world.count(codes) == (1 if first == "approve" else 0)


def test_consent_without_login_is_refused(world: World, alice: Browser) -> None:
    hidden = alice.hidden(alice.get(question(world)))
    answer = alice.post(f"{world.issuer}/consent", {**hidden, "decision": "approve"})
    assert (answer.response.status, refused_by(answer)) == (403, "person_is_logged_in")
    assert world.count(codes) == 0


@pytest.mark.parametrize("decision", ["maybe", "", "Approve", "approve deny"])
def test_anything_but_yes_or_no_is_refused_and_the_page_stays_good(world: World, alice: Browser, decision: str) -> None:
    consent = alice.log_in(question(world))
    answer = alice.submit(consent, decision=decision)
    assert (answer.response.status, refused_by(answer)) == (400, "decision_is_yes_or_no")
    assert alice.submit(consent, decision="approve").response.status == 303


def test_yes_and_no_at_once_is_refused(world: World, alice: Browser) -> None:
    hidden = alice.hidden(alice.log_in(question(world)))
    sent = urlencode([*hidden.items(), ("decision", "deny"), ("decision", "approve")]).encode()
    plain = wire.post(f"{world.issuer}/consent", {}, ("Cookie", f"snapbox_session={alice.session()}"))
    length = ("Content-Length", str(len(sent)))
    answer = world.send(wire.Request("POST", plain.target, (*plain.headers[:-1], length), sent))
    assert (answer.response.status, refused_by(answer)) == (400, "no_parameter_is_repeated")


def test_consent_page_names_the_client_the_scopes_and_where_the_answer_goes(world: World, alice: Browser) -> None:
    consent = text(alice.log_in(question(world, scope="photos.read photos.write")))
    for said in ("PhotoPrint", "photos.read", "photos.write", "127.0.0.1:8766", "Alice"):
        assert said in consent


# A realm with a defence switched off still stands.


@pytest.mark.parametrize(
    ("check", "client_id", "changes"),
    [
        ("redirect_uri_is_registered", "photoprint", {"redirect_uri": "http://evil.example/callback"}),
        ("redirect_uri_is_registered", "photoprint", {"redirect_uri": None}),
        ("redirect_uri_is_registered", "photoprint", {"redirect_uri": "javascript:alert(1)"}),
        ("redirect_uri_is_registered", "photoprint", {"redirect_uri": "nonsense"}),
        ("public_client_sends_a_code_challenge", "photoprint-app", {"code_challenge": None}),
        ("code_challenge_method_is_s256", "photoprint-app", {"code_challenge_method": "plain"}),
    ],
)
def test_switched_off_defence_records_and_does_not_break_the_server(
    entry: Entry, check: str, client_id: str, changes: dict[str, str | None]
) -> None:
    world = timed_world(entry)
    world.switch_off(check)
    answer = Browser(world).get(question(world, client_id, **changes))
    assert answer.response.status < 500
    verdicts = {verdict.check: verdict for verdict in answer.environ["tokenwalk.checks"]}
    assert (verdicts[check].state, verdicts[check].found) == ("switched off", "would have refused")
