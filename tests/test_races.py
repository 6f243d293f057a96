"""Many at once, two processes on one database, and a process that is killed: one wins, and no finished step is lost."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Barrier, Lock
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from conftest import Server, serve
from parties import CALLBACK, VERIFIER

from flows import wire
from flows.pkce import s256
from flows.run import Run
from flows.runs import Runs
from flows.seen import forms_of
from flows.stage import Stage
from flows.store import Store

Answer = tuple[int, dict[str, str], bytes]
T = TypeVar("T")
FORM = "application/x-www-form-urlencoded"
OURS = {"Sec-Fetch-Site": "same-origin"}


def ask(port: int, method: str, target: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
    """One request over a socket of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    lines = {"Host": f"localhost:{port}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    sent = None
    if form is not None:
        sent = urlencode(form)
        lines["Content-Type"] = FORM
    try:
        connection.request(method, target, sent, lines)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def target_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def code_over(port: int) -> str:
    """A fresh code of the sandbox, through its pages."""
    asked = {
        "response_type": "code",
        "client_id": "photoprint",
        "redirect_uri": CALLBACK,
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
    }
    _, headers, page = ask(port, "GET", "/auth/sandbox/authorize?" + urlencode(asked))
    (form,) = forms_of(page.decode())
    cookie = headers["set-cookie"].split(";")[0]
    who = {**form.hidden, "username": "alice", "password": "wonderland"}
    _, headers, _ = ask(port, "POST", "/auth/sandbox/login", who, Cookie=cookie)
    cookie = headers["set-cookie"].split(";")[0]
    _, _, page = ask(port, "GET", target_of(headers["location"]), Cookie=cookie)
    (form,) = forms_of(page.decode())
    yes = {**form.hidden, "decision": "approve"}
    _, headers, _ = ask(port, "POST", "/auth/sandbox/consent", yes, Cookie=cookie)
    return dict(parse_qsl(urlsplit(headers["location"]).query))["code"]


def redeem_over(port: int, code: str) -> Answer:
    auth = wire.basic("photoprint", "photoprint-secret")[1]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return ask(port, "POST", "/auth/sandbox/token", form, Authorization=auth)


def photos_over(port: int, token: str) -> int:
    return ask(port, "GET", "/api/sandbox/photos", Authorization=f"Bearer {token}")[0]


def at_once(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Run all of them from threads that start together."""
    gate = Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T:
        gate.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def assert_one_wins(answers: list[Answer]) -> str:
    """The token of the one that won; all others must say invalid_grant."""
    assert sorted(status for status, _, _ in answers) == [200] + [400] * (len(answers) - 1)
    assert {said for status, _, said in answers if status == 400} == {b'{"error":"invalid_grant"}\n'}
    (won,) = [said for status, _, said in answers if status == 200]
    token: str = json.loads(won)["access_token"]
    return token


@dataclass
class Walker:
    """A browser at our pages over sockets: starts a run, and presses Next."""

    port: int
    cookie: str = ""
    run: str = ""

    def start(self) -> None:
        status, headers, _ = ask(self.port, "POST", "/runs", {"flow": "authorization_code"}, **OURS)
        assert status == 303
        self.cookie = headers["set-cookie"].split(";")[0]
        self.run = headers["location"].rpartition("/")[2]

    def next(self, step: str, position: int) -> Answer:
        form = {"position": str(position), "step": step}
        return ask(self.port, "POST", f"/runs/{self.run}/next", form, Cookie=self.cookie, **OURS)


STEPS = [
    "ask_for_prints",
    "ask_to_authorize",
    "log_in",
    "ask_as_alice",
    "approve",
    "callback",
    "redeem_code",
    "fetch_photos",
    "see_prints",
]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shared.sqlite3'}"


@pytest.fixture
def start(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Starts a server on the shared database, as often as it is called; all are stopped at the end.

    Given a port it takes that one: the issuer has the port in it, so a restart must have the same.
    """
    started: list[Server] = []

    def another(port: int | None = None) -> Server:
        with monkeypatch.context() as patch:
            if port:
                patch.setattr("conftest.free_port", lambda: port)
            started.append(serve(database))
        return started[-1]

    yield another
    for server in started:
        server.process.terminate()
        server.process.wait(timeout=15)


def kill(server: Server) -> None:
    """kill -9 of everything the server is: granian's worker is a process of its own, and outlives its parent."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    for pid in [server.process.pid, *(int(child) for child in children)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait(timeout=15)


def recorded(database: str, run_id: str) -> Run:
    stage = Stage(Runs(Store(database), "localhost"))
    try:
        return stage.runs.find(run_id)
    finally:
        stage.runs.store.engine.dispose()


def test_fifty_redemptions_of_one_code_from_threads_give_one_token(server: Server) -> None:
    code = code_over(server.port)
    token = assert_one_wins(at_once([partial(redeem_over, server.port, code)] * 50))
    assert photos_over(server.port, token) == 401  # the forty-nine others came with the same code


def test_fifty_redemptions_of_one_code_at_two_processes_give_one_token(start: Callable[..., Server]) -> None:
    one, two = start(), start()
    code = code_over(one.port)
    jobs = [partial(redeem_over, port, code) for port in [one.port, two.port] * 25]
    assert_one_wins(at_once(jobs))


def test_twenty_codes_at_two_processes_are_all_redeemed(start: Callable[..., Server]) -> None:
    one, two = start(), start()
    codes = [code_over(two.port) for _ in range(20)]
    jobs = [partial(redeem_over, *each) for each in zip([one.port, two.port] * 10, codes, strict=True)]
    assert [status for status, _, _ in at_once(jobs)] == [200] * 20


def test_twenty_clicks_on_approve_give_one_code(server: Server) -> None:
    asked = {"response_type": "code", "client_id": "photoprint", "redirect_uri": CALLBACK}
    _, headers, page = ask(server.port, "GET", "/auth/sandbox/authorize?" + urlencode(asked))
    who = {**forms_of(page.decode())[0].hidden, "username": "alice", "password": "wonderland"}
    cookie = headers["set-cookie"].split(";")[0]
    _, headers, _ = ask(server.port, "POST", "/auth/sandbox/login", who, Cookie=cookie)
    cookie = headers["set-cookie"].split(";")[0]
    _, _, page = ask(server.port, "GET", target_of(headers["location"]), Cookie=cookie)
    yes = {**forms_of(page.decode())[0].hidden, "decision": "approve"}
    answers = at_once([partial(ask, server.port, "POST", "/auth/sandbox/consent", yes, Cookie=cookie)] * 20)
    assert sorted(status for status, _, _ in answers) == [303] + [400] * 19


def test_ten_clicks_on_next_make_one_exchange(server: Server) -> None:
    walker = Walker(server.port)
    walker.start()
    for position, step in enumerate(STEPS):
        answers = at_once([partial(walker.next, step, position)] * 10)
        assert [status for status, _, _ in answers] == [303] * 10
        assert len(recorded(server.database_url, walker.run).exchanges) == position + 1


def test_ten_clicks_on_next_at_two_processes_make_one_exchange(start: Callable[..., Server], database: str) -> None:
    one, two = start(), start()
    walker = Walker(one.port)
    walker.start()
    other = Walker(two.port, walker.cookie, walker.run)
    for position, step in enumerate(STEPS[:5]):
        jobs = [partial(who.next, step, position) for who in [walker, other] * 5]
        assert [status for status, _, _ in at_once(jobs)] == [303] * 10
        assert len(recorded(database, walker.run).exchanges) == position + 1


def test_two_reloads_of_the_prints_at_once_redeem_once(server: Server) -> None:
    port = server.port
    _, headers, _ = ask(port, "GET", "/client/sandbox/print")
    shop = headers["set-cookie"].split(";")[0]
    _, headers, page = ask(port, "GET", target_of(headers["location"]))
    who = {**forms_of(page.decode())[0].hidden, "username": "alice", "password": "wonderland"}
    _, headers, _ = ask(port, "POST", "/auth/sandbox/login", who, Cookie=headers["set-cookie"].split(";")[0])
    cookie = headers["set-cookie"].split(";")[0]
    _, _, page = ask(port, "GET", target_of(headers["location"]), Cookie=cookie)
    yes = {**forms_of(page.decode())[0].hidden, "decision": "approve"}
    _, headers, _ = ask(port, "POST", "/auth/sandbox/consent", yes, Cookie=cookie)
    _, headers, _ = ask(port, "GET", target_of(headers["location"]), Cookie=shop)
    prints = target_of(headers["location"])
    answers = at_once([partial(ask, port, "GET", prints, Cookie=shop)] * 10)
    assert [status for status, _, _ in answers] == [200] * 10
    run = recorded(server.database_url, shop.partition("=")[2].partition(".")[0])
    assert [each.step for each in run.exchanges] == ["callback", "redeem_code", "fetch_photos"]


def test_killed_server_has_lost_no_finished_step(start: Callable[..., Server], database: str) -> None:
    server = start()
    walkers = [Walker(server.port) for _ in range(6)]
    for walker in walkers:
        walker.start()

    first = Lock()  # whoever comes to a fourth answer first holds it, and kills the server

    def walk(walker: Walker) -> int:
        """How many steps were answered before the server died, amid the requests of all others."""
        done = 0
        for position, step in enumerate(STEPS):
            try:
                status, _, _ = walker.next(step, position)
            except (OSError, http.client.HTTPException):
                break
            assert status == 303
            done += 1
            if done == 4 and first.acquire(blocking=False):
                kill(server)
        return done

    with ThreadPoolExecutor(len(walkers)) as pool:
        burst: list[Future[int]] = [pool.submit(walk, walker) for walker in walkers]
        answered = [each.result() for each in burst]
    assert sum(answered) < len(STEPS) * len(walkers), "the server was killed too late for this test to say anything"

    start(server.port)
    for walker, seen in zip(walkers, answered, strict=True):
        run = recorded(database, walker.run)
        assert [each.position for each in run.exchanges] == list(range(len(run.exchanges)))
        assert [each.step for each in run.exchanges] == STEPS[: len(run.exchanges)]
        assert seen <= len(run.exchanges) <= seen + 1
        assert run.realm.now() == (run.exchanges[0].at if run.exchanges else run.realm.now()) + len(run.exchanges)
        for position in range(len(run.exchanges), len(STEPS)):
            assert walker.next(STEPS[position], position)[0] == 303
        finished = recorded(database, walker.run)
        assert [each.step for each in finished.exchanges] == STEPS
        assert [each.refused for each in finished.exchanges] == [None] * len(STEPS)


def test_keys_survive_a_kill_and_a_token_from_before_it_is_still_good(start: Callable[..., Server]) -> None:
    server = start()
    token = json.loads(redeem_over(server.port, code_over(server.port))[2])["access_token"]
    code = code_over(server.port)
    before = ask(server.port, "GET", "/auth/sandbox/jwks")[2]
    kill(server)
    again = start(server.port)
    assert ask(again.port, "GET", "/auth/sandbox/jwks")[2] == before
    assert photos_over(again.port, token) == 200
    assert redeem_over(again.port, code)[0] == 200


@pytest.mark.parametrize("realm", ["sandbox", "of a run"])
def test_body_in_chunks_is_read_in_every_realm(server: Server, realm: str) -> None:
    """HTTP/1.1 clients may send a form in chunks; a realm that is recorded must not take it for an empty one."""
    walker = Walker(server.port)
    walker.start()
    form = {"grant_type": "authorization_code", "code": "never-issued", "client_id": "photoprint"}
    sent = urlencode({**form, "client_secret": "photoprint-secret"}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    name = "sandbox" if realm == "sandbox" else walker.run
    connection.request("POST", f"/auth/{name}/token", iter([sent]), {"Content-Type": FORM}, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (400, b'{"error":"invalid_grant"}\n')
    connection.close()
