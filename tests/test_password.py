"""The password grant, and guessing: what is told of a wrong password, and how soon there is no more of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from endpoints import assert_refused, by_password, other_world
from parties import Browser, World, body, fetch, headers, question, refused_by, text, timed_world

from flows import wire
from flows.authorization_server import guesses
from flows.entry import Entry
from flows.store import access_tokens, wrong_guesses
from flows.tokens import jws

Guess = Callable[[str, str], wire.Answered]
DESKTOP = "photoprint-desktop"


@pytest.fixture
def world(entry: Entry) -> World:
    return timed_world(entry)


class Clock:
    """The wall clock as the counting of wrong passwords sees it, in seconds; it stands still."""

    now = 1_790_000_000.0

    def time_ns(self) -> int:
        return round(self.now * 1000) * 1_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(guesses, "time", SimpleNamespace(time_ns=made.time_ns))
    return made


def guess_at_token(world: World) -> Guess:
    return lambda username, password: by_password(world, DESKTOP, username=username, password=password)


def guess_at_login(world: World) -> Guess:
    """Each guess in a browser of its own, as a guesser would: a session is no reason to be counted anew."""

    def guess(username: str, password: str) -> wire.Answered:
        browser = Browser(world)
        return browser.submit(browser.get(question(world)), username=username, password=password)

    return guess


@pytest.fixture(params=[guess_at_token, guess_at_login], ids=["/token", "/login"])
def at(request: pytest.FixtureRequest) -> Callable[[World], Guess]:
    made: Callable[[World], Guess] = request.param
    return made


RIGHT = ("alice", "wonderland")
WRONG = ("alice", "Wonderland")


def is_right(answer: wire.Answered) -> bool:
    return answer.response.status in (200, 303) and refused_by(answer) is None


def is_wrong(answer: wire.Answered) -> bool:
    told = {"password_is_right": 400, "password_fits": 403}
    return told.get(refused_by(answer) or "") == answer.response.status


def must_wait(answer: wire.Answered) -> int | None:
    """The seconds that the answer says; None where it does not say 429."""
    if answer.response.status != 429:
        return None
    assert refused_by(answer) == "account_may_be_tried"
    (seconds,) = headers(answer, "Retry-After")
    return int(seconds)


# The grant.


def test_right_password_gives_a_token_about_the_person(world: World) -> None:
    answer = by_password(world)
    assert (answer.response.status, refused_by(answer)) == (200, None)
    assert sorted(body(answer)) == ["access_token", "expires_in", "scope", "token_type"]
    claims = jws.read(body(answer)["access_token"]).payload
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("alice", DESKTOP, "photos.read")
    assert fetch(world, body(answer)["access_token"]).response.status == 200


def test_client_takes_more_than_it_promised_and_nobody_is_asked(world: World) -> None:
    token = body(by_password(world, scope="photos.read photos.write"))["access_token"]
    assert jws.read(token).payload["scope"] == "photos.read photos.write"


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"username": None}, "no username"),
        ({"username": ""}, "no username"),
        ({"password": None}, "no password"),
        ({"password": ""}, "no password"),
        ({"username": None, "password": None}, "no username and no password"),
    ],
)
def test_name_or_password_that_is_missing_is_an_invalid_request(
    world: World, changes: dict[str, str | None], got: str
) -> None:
    answer = by_password(world, DESKTOP, **changes)
    assert_refused(answer, 400, "invalid_request", "username_and_password_are_there")
    (said,) = [each for each in answer.environ["tokenwalk.checks"] if each.state == "failed"]
    assert said.got == got
    assert world.count(wrong_guesses) == 0


@pytest.mark.parametrize(
    "pair",
    [
        ("alice", "Wonderland"),
        ("alice", "wonderland "),
        ("alice", "wonderlan"),
        ("alice", "teatime"),
        ("alice", "☂"),
        ("Alice", "wonderland"),
        ("alice ", "wonderland"),
        ("nobody", "wonderland"),
        ("' OR '1'='1", "' OR '1'='1"),
        ("x" * 5000, "y"),
    ],
    ids=range(10),
)
def test_pair_that_does_not_fit_is_an_invalid_grant(world: World, pair: tuple[str, str]) -> None:
    answer = by_password(world, DESKTOP, username=pair[0], password=pair[1])
    assert_refused(answer, 400, "invalid_grant", "password_is_right")
    assert world.count(access_tokens) == 0


def test_wrong_password_and_unknown_username_get_the_same_answer_to_the_byte(world: World) -> None:
    guess = guess_at_token(world)
    assert guess("alice", "a guess").response.raw() == guess("nobody", "a guess").response.raw()


def test_login_form_says_the_same_of_a_wrong_password_and_of_an_unknown_username(world: World) -> None:
    browser = Browser(world)
    page = browser.get(question(world))
    wrong, unknown = (browser.submit(page, username=name, password="a guess") for name in ("alice", "nobody"))
    assert (wrong.response.status, unknown.response.status) == (403, 403)
    assert text(wrong).replace("alice", "nobody") == text(unknown)


def test_password_is_in_no_answer_and_no_verdict(world: World, at: Callable[[World], Guess]) -> None:
    for username, tried in (("alice", "a guess that is wrong"), RIGHT, ("nobody", "a guess that is wrong")):
        answer = at(world)(username, tried)
        for held in (tried, "wonderland"):
            assert held not in repr(answer.environ["tokenwalk.checks"])
            assert held.encode() not in answer.response.raw()


# Guessing.


def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait(
    world: World, clock: Clock, at: Callable[[World], Guess]
) -> None:
    guess = at(world)
    assert all(is_wrong(guess(*WRONG)) for _ in range(10))
    assert must_wait(guess(*RIGHT)) == 60
    assert must_wait(guess(*WRONG)) == 60
    clock.now += 59.5
    assert must_wait(guess(*RIGHT)) == 1
    clock.now += 0.5
    assert is_right(guess(*RIGHT))


def test_token_endpoint_says_why_in_the_rfcs_words_and_login_in_a_sentence(world: World, clock: Clock) -> None:
    login, token = guess_at_login(world), guess_at_token(world)
    for _ in range(10):
        token(*WRONG)
    assert_refused(token(*RIGHT), 429, "invalid_grant", "account_may_be_tried")
    page = login(*RIGHT)
    assert "There were too many wrong passwords. Try again in 60 seconds." in text(page)
    assert "That name and password do not fit together." not in text(page)


def test_login_and_token_count_together(world: World, clock: Clock) -> None:
    login, token = guess_at_login(world), guess_at_token(world)
    for _ in range(5):
        assert is_wrong(login(*WRONG))
        assert is_wrong(token(*WRONG))
    assert must_wait(login(*RIGHT)) == 60
    assert must_wait(token(*RIGHT)) == 60


def test_account_that_does_not_exist_has_to_wait_too(world: World, clock: Clock, at: Callable[[World], Guess]) -> None:
    guess = at(world)
    assert all(is_wrong(guess("nobody", "a guess")) for _ in range(10))
    assert must_wait(guess("nobody", "a guess")) == 60


def test_name_of_any_length_is_counted(world: World, clock: Clock, at: Callable[[World], Guess]) -> None:
    guess = at(world)
    assert all(is_wrong(guess("x" * 5000, "a guess")) for _ in range(10))
    assert must_wait(guess("x" * 5000, "a guess")) == 60


def test_other_accounts_and_other_realms_need_not_wait(
    entry: Entry, world: World, clock: Clock, at: Callable[[World], Guess]
) -> None:
    guess, elsewhere = at(world), at(other_world(entry, "elsewhere"))
    for _ in range(10):
        guess(*WRONG)
    assert must_wait(guess(*RIGHT)) == 60
    assert is_right(guess("hatter", "teatime"))
    assert is_right(elsewhere(*RIGHT))


def test_minute_is_counted_from_each_wrong_password(world: World, clock: Clock, at: Callable[[World], Guess]) -> None:
    guess = at(world)
    for _ in range(10):
        assert is_wrong(guess(*WRONG))
        clock.now += 6
    assert is_wrong(guess(*WRONG))  # the first of them was a minute ago, to the second
    assert must_wait(guess(*RIGHT)) == 6
    clock.now += 6
    assert is_right(guess(*RIGHT))


def test_what_is_tried_while_waiting_does_not_make_the_wait_longer(
    world: World, clock: Clock, at: Callable[[World], Guess]
) -> None:
    guess = at(world)
    for _ in range(10):
        guess(*WRONG)
    clock.now += 30
    assert [must_wait(guess(*WRONG)) for _ in range(12)] == [30] * 12
    clock.now += 30
    assert is_right(guess(*RIGHT))
    assert world.count(wrong_guesses) == 10


def test_right_passwords_and_other_mistakes_are_not_counted(world: World, clock: Clock) -> None:
    for _ in range(12):
        assert is_right(by_password(world))
        assert refused_by(by_password(world, scope="photos.delete")) == "scope_can_be_granted"
        assert refused_by(by_password(world, "photoprint", password="wrong")) == "client_may_use_this_grant"
    assert world.count(wrong_guesses) == 0


def test_realms_own_clock_does_not_shorten_the_wait(world: World, clock: Clock, at: Callable[[World], Guess]) -> None:
    guess = at(world)
    for _ in range(10):
        guess(*WRONG)
    world.set_clock(world.realm.now() + 3600)
    assert must_wait(guess(*RIGHT)) == 60


def test_of_thirty_guesses_at_once_ten_are_looked_at(world: World, clock: Clock, at: Callable[[World], Guess]) -> None:
    guess = at(world)
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: guess(*WRONG), range(30)))
    assert [is_wrong(answer) for answer in answers].count(True) == 10
    assert [must_wait(answer) for answer in answers].count(60) == 20


# Guessing a client's secret.


class Secret:
    """Guesses at the secret of the API, at one endpoint that takes it: each a client_id and a secret."""

    def __init__(self, world: World, endpoint: str) -> None:
        self.world, self.url = world, f"{world.issuer}/{endpoint}"

    def guess(self, secret: str, client_id: str = "photos-api", in_the_form: bool = False) -> wire.Answered:
        form = {"token": "x", "grant_type": "client_credentials"}
        if in_the_form:
            return self.world.send(wire.post(self.url, {**form, "client_id": client_id, "client_secret": secret}))
        return self.world.send(wire.post(self.url, form, wire.basic(client_id, secret)))

    def right(self, client_id: str = "photos-api") -> wire.Answered:
        return self.guess(self.world.realm.clients[client_id].secret or "", client_id)


@pytest.fixture(params=["token", "introspect", "revoke"])
def secret(request: pytest.FixtureRequest, world: World) -> Secret:
    return Secret(world, request.param)


def secret_is_looked_at(answer: wire.Answered) -> bool:
    return answer.response.status == 401 and refused_by(answer) == "client_is_authenticated"


def client_must_wait(answer: wire.Answered) -> int:
    """The seconds that the 429 says."""
    assert_refused(answer, 429, "invalid_client", "client_may_be_tried")
    (seconds,) = headers(answer, "Retry-After")
    return int(seconds)


def test_after_ten_wrong_secrets_even_the_right_one_has_to_wait(secret: Secret, clock: Clock) -> None:
    usual = secret.right().response.raw()
    for each in range(10):
        assert secret_is_looked_at(secret.guess(f"guess {each}", in_the_form=each % 2 == 1))
    assert client_must_wait(secret.right()) == 60
    assert client_must_wait(secret.guess("guess", in_the_form=True)) == 60
    clock.now += 59.5
    assert client_must_wait(secret.right()) == 1
    clock.now += 0.5
    assert secret.right().response.raw() == usual


def test_secrets_are_counted_together_wherever_they_are_tried(world: World, clock: Clock) -> None:
    token, introspect, revoke = (Secret(world, endpoint) for endpoint in ("token", "introspect", "revoke"))
    for at in (token, introspect, revoke, token, introspect, revoke, token, introspect, revoke, token):
        assert secret_is_looked_at(at.guess("guess"))
    assert [client_must_wait(at.right()) for at in (token, introspect, revoke)] == [60] * 3


def test_other_clients_and_other_realms_need_not_wait(entry: Entry, world: World, secret: Secret, clock: Clock) -> None:
    elsewhere = Secret(other_world(entry, "elsewhere"), secret.url.rpartition("/")[2])
    usual = [secret.right("thumbnailer").response.status, elsewhere.right().response.status]
    for _ in range(10):
        secret.guess("guess")
    assert client_must_wait(secret.right()) == 60
    assert [secret.right("thumbnailer").response.status, elsewhere.right().response.status] == usual


def test_client_that_shows_no_secret_and_one_that_nobody_registered_are_not_counted(
    world: World, secret: Secret, clock: Clock
) -> None:
    for _ in range(12):
        missing = world.send(wire.post(secret.url, {"token": "x", "client_id": "photos-api"}))
        assert_refused(missing, 401, "invalid_client", "client_is_authenticated")
        assert secret_is_looked_at(secret.guess("guess", "nobody"))
    assert world.count(wrong_guesses) == 0


def test_wrong_secrets_do_not_lock_the_account_of_that_name(world: World, clock: Clock) -> None:
    for _ in range(10):
        Secret(world, "token").guess("guess")
        by_password(world, DESKTOP, username="photos-api", password="guess")
    assert is_right(by_password(world, DESKTOP, username="alice", password="wonderland"))


def test_of_thirty_secrets_at_once_ten_are_looked_at(secret: Secret, clock: Clock) -> None:
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: secret.guess("guess"), range(30)))
    assert [secret_is_looked_at(answer) for answer in answers].count(True) == 10
    assert [answer.response.status for answer in answers].count(429) == 20
