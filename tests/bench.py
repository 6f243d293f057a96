"""How fast Tokenwalk is: `python tests/bench.py` prints one table, everything in it measured in one run.

How to read it: the first lines are ratios, with the aim beside each; they hold on any machine. Below them stand the
numbers that they were made of, which hold on this one. *Next* is the htmx partial as the server makes it: it prepares a
step, sends it, records it and renders the page. *The exchange* is that same request, given to the party and nothing
more. *A bare signature* is `cryptography` signing what the token is made of, with the same key, and nothing else. What
is served is served by granian with one worker, one application after the other in short turns; the load is
one process with kept-alive connections. Everything is done several times and the best time counts: whatever else
runs on the machine can only slow it down.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.parse import urlencode, urljoin

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jwt
from conftest import ROOT, free_port, serve
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask, jsonify
from joserfc.jwk import ECKey
from made import put_together

from app import create_app
from flows import wire
from flows.entry import Entry
from flows.grants import FLOWS
from flows.pages.owner import COOKIE
from flows.pkce import s256
from flows.realm import SANDBOX
from flows.run import Run
from flows.store import Store, codes
from flows.tokens.keys import ALGORITHMS

AUTHORITY = "localhost:8765"
OWNER = "the-browser-that-started-it"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
WALKS, BATCH = 15, 20
TURNS, TURN = 7, 0.5  # seconds
CONNECTIONS = 8
CODE_VERIFIER = "v" * 43
NO_CODE = "a code that nobody gave"


# In process: Next, the exchange it makes, whole flows.


def clicked(run: Run) -> wire.Request:
    """What htmx sends when Next is pressed."""
    position = len(run.exchanges)
    host, cookie = ("Host", AUTHORITY), ("Cookie", f"{COOKIE}={OWNER}")
    body = urlencode({"step": run.next_steps[0].name, "position": position}).encode()
    headers = (host, ("HX-Request", "true"), ("Sec-Fetch-Site", "same-origin"), cookie, FORM)
    return wire.Request("POST", f"/runs/{run.id}/next", (*headers, ("Content-Length", str(len(body)))), body)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that it took, and what came of it."""
    begin = time.perf_counter_ns()
    done = work()
    return (time.perf_counter_ns() - begin) / 1e6, done


def started(entry: Entry, flow: str = "authorization_code", alg: str = "ES256") -> Run:
    return entry.stage.runs.find(entry.stage.start(flow, {"alg": alg}, OWNER))


def walk_by_next(entry: Entry) -> list[float]:
    """Milliseconds of each Next from the beginning of a run to its end."""
    run, took = started(entry), []
    while run.next_steps:
        raw = clicked(run).raw()
        spent, answered = timed(lambda raw=raw: wire.call(entry, raw))
        assert answered.response.status == 200, answered.response
        took.append(spent)
        run = entry.stage.runs.find(run.id)
    return took


def walk_by_hand(entry: Entry) -> list[float]:
    """Milliseconds of each bare exchange of an equal run; recording it, for the next one’s sake, is not counted."""
    run, took = started(entry), []
    while run.next_steps:
        step, place = run.next_steps[0], str(len(run.exchanges))
        raw = entry.stage.prepare(run, step).raw()
        spent, answered = timed(lambda raw=raw, place=place: wire.call(entry, raw, exchange=place))
        entry.stage.record(run, step, raw, answered, step.receiver)
        took.append(spent)
        run = entry.stage.runs.find(run.id)
    return took


def walk_by_stage(entry: Entry, flow: str) -> Run:
    """A whole flow as a test walks it, what goes before it included: no page is made."""
    run = started(entry, flow)
    while run.next_steps:
        run = entry.stage.send(run.id, run.next_steps[0].name, len(run.exchanges))
    return run


def next_as_exchange(entry: Entry, number: int) -> float:
    """Milliseconds of the Next that logs Alice in, as that exchange of its run: the question was sent often."""
    run = entry.stage.send(started(entry).id, "ask_for_prints", 0)
    while len(run.exchanges) < number - 1:
        run = entry.stage.send(run.id, "ask_to_authorize", len(run.exchanges))
    fetched(entry, f"/runs/{run.id}")  # whoever presses Next has looked at the page before
    raw = clicked(run).raw()
    spent, answered = timed(lambda: wire.call(entry, raw))
    assert answered.response.status == 200, answered.response
    return spent


@dataclass(frozen=True)
class Walked:
    """Milliseconds of each step, the best of all walks; each whole flow a second; the fortieth exchange over the
    fourth."""

    next: list[float]
    exchange: list[float]
    flows: dict[str, float]
    fortieth: float


def walked(entry: Entry) -> Walked:
    for walk in (walk_by_next, walk_by_hand):  # templates and statements are compiled now
        walk(entry)
    pairs = [(walk_by_next(entry), walk_by_hand(entry)) for _ in range(WALKS)]
    by_next, by_hand = ([min(step) for step in zip(*walks, strict=True)] for walks in zip(*pairs, strict=True))
    flows = {
        flow: 1000 / min(timed(lambda flow=flow: walk_by_stage(entry, flow))[0] for _ in range(WALKS)) for flow in FLOWS
    }
    fourth, fortieth = (min(next_as_exchange(entry, number) for _ in range(WALKS)) for number in (4, 40))
    return Walked(by_next, by_hand, flows, fortieth / fourth)


# In process: client_credentials, and the signature alone.


@dataclass(frozen=True)
class Signed:
    """Token answers a second, and bare signatures of the same input a second."""

    tokens: float
    signatures: float


def bare_signature(key: Any, signed: bytes) -> bytes:
    """What `cryptography` does for a JWS (RFC 7518 §3.3, §3.4, RFC 8037 §3.1), and nothing else."""
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(signed, ec.ECDSA(SHA256()))
        case rsa.RSAPrivateKey():
            return key.sign(signed, PKCS1v15(), SHA256())
        case ed25519.Ed25519PrivateKey():
            return key.sign(signed)
    raise TypeError(f"no signature is made with a {type(key).__name__}")


def client_credentials(entry: Entry, alg: str) -> Signed:
    """The token request of that flow, given to the party; then the private key alone, with what the token was of."""
    run = started(entry, "client_credentials", alg)
    raw = entry.stage.prepare(run, run.next_steps[0]).raw()

    def ask() -> wire.Answered:
        return wire.call(entry, raw, exchange=os.urandom(8).hex())

    answered = ask().response
    assert answered.status == 200, answered
    signed = json.loads(answered.body)["access_token"].rpartition(".")[0].encode()
    key = run.realm.signing_keys[0].key.private_key
    return Signed(per_second(ask), per_second(lambda: bare_signature(key, signed)))


def per_second(work: Callable[[], Any]) -> float:
    """How often it is done in a second, the best of some turns."""
    return max(BATCH * 1000 / timed(lambda: [work() for _ in range(BATCH)])[0] for _ in range(WALKS))


# In process: the decoder, and bare `jwt.decode`.


@dataclass(frozen=True)
class Decoding:
    """Milliseconds: a bare `jwt.decode`, the decoder's partial for the same token, and 1 MB of each kind of paste."""

    bare: float
    partial: float
    megabytes: dict[str, float]


def token_of_1_kb(private_key: Any) -> str:
    """An access token with many scopes, 1 kB in all, that is good for an hour."""
    now = int(time.time())
    claims = {"iss": "https://issuer.example", "sub": "alice", "aud": "https://api.example", "client_id": "photoprint"}
    claims |= {"scope": " ".join(f"s{number}" for number in range(120)), "iat": now, "exp": now + 3600, "jti": "one"}
    return jwt.encode(claims, private_key, "ES256", {"typ": "at+jwt", "kid": "one"})


def pasted(**fields: str) -> bytes:
    """What htmx sends when something was pasted into the decoder."""
    boundary = "----bench"
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    body = f"{parts}--{boundary}--\r\n".encode()
    kind = ("Content-Type", f"multipart/form-data; boundary={boundary}")
    headers = (("Host", AUTHORITY), ("HX-Request", "true"), ("Sec-Fetch-Site", "same-origin"), kind)
    return wire.Request("POST", "/decode", (*headers, ("Content-Length", str(len(body)))), body).raw()


def megabytes() -> dict[str, str]:
    """One megabyte, less a little, of what would cost a careless reader much."""
    size = 990_000
    deep = put_together({"alg": "ES256"}, '{"a":' + "[" * 700_000)
    return {
        "one token with a long payload": put_together({"alg": "HS256"}, {"text": "x" * 740_000}, b"x" * 32),
        "tokens, one after the other": ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0. " * (size // 37)),
        "a payload with many members": put_together(
            {"alg": "HS256"}, {f"n{at}": at for at in range(49_000)}, b"x" * 32
        ),
        "a header with many members": put_together({"alg": "HS256"} | {f"n{at}": at for at in range(49_000)}, {}, b"x"),
        "dots": "a." * (size // 2),
        "braces": "{" * size,
        "quotes": '"' * size,
        "tildes": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0." + "~" * (size - 40),
        "percent signs": "%25" * (size // 3),
        "nested arrays in a payload": deep[:size],
        "prose": "the quick brown fox jumps over the lazy dog. " * (size // 45),
    }


def decoding(entry: Entry) -> Decoding:
    """The partial as the server makes it, verified with a JWK; and a 1 kB token decoded by PyJWT and nothing else."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    key = ECKey.import_key(private_key)
    public_key = private_key.public_key()
    token = token_of_1_kb(private_key)
    raw = pasted(pasted=token, key=json.dumps(key.as_dict(private=False)), aud="https://api.example")
    assert b"Genuine" in decoded_page(entry, raw)
    times = [(decode_bare(token, public_key), timed(lambda: wire.call(entry, raw))[0]) for _ in range(WALKS * BATCH)]
    bare, partial = (min(each) for each in zip(*times, strict=True))
    heavy = {
        name: min(timed(lambda text=text: decoded_page(entry, pasted(pasted=text)))[0] for _ in range(2))
        for name, text in megabytes().items()
    }
    return Decoding(bare, partial, heavy)


def decode_bare(token: str, public_key: Any) -> float:
    return timed(lambda: jwt.decode(token, public_key, ["ES256"], audience="https://api.example"))[0]


def decoded_page(entry: Entry, raw: bytes) -> bytes:
    response = wire.call(entry, raw).response
    assert response.status == 200, response.status
    return response.body


# Under granian: what is compared with, and what is asked.


def hello() -> Flask:
    """A Flask application that does nothing."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello")
    return app


def signer() -> Flask:
    """A Flask application that does nothing but sign a token like ours."""
    app, key = Flask(__name__), ec.generate_private_key(ec.SECP256R1())

    @app.post("/")
    def sign() -> Any:
        now = int(time.time())
        claims = {"iss": "http://localhost", "sub": "alice", "aud": "photos", "client_id": "photoprint"}
        claims |= {"scope": "photos.read", "iat": now, "exp": now + 300, "jti": os.urandom(16).hex()}
        token = jwt.encode(claims, key, "ES256", {"typ": "at+jwt", "kid": "one"})
        return jsonify(access_token=token, token_type="Bearer", expires_in=300, scope="photos.read")

    return app


@contextmanager
def served(target: str, **environment: str) -> Iterator[int]:
    """An application under granian, with one worker and as many threads as `python app.py` gives it; its port."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--workers", "1"]
    command += ["--blocking-threads", "2", "--log-level", "error", "--port", str(port), target]
    known = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "TOKENWALK_AUTHORITY": f"localhost:{port}"}
    process = subprocess.Popen(command, env={**known, **environment}, cwd=ROOT)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=15)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("granian did not start")


def made_codes(store: Store, count: int) -> list[str]:
    """Codes as if Alice had approved that often, good for an hour."""
    now = int(time.time())
    made = [f"bench-{os.urandom(18).hex()}" for _ in range(count)]
    row = {"realm": SANDBOX, "client_id": "photoprint", "username": "alice", "scope": "photos.read"}
    row |= {"redirect_uri": "http://127.0.0.1:8766/callback", "code_challenge": s256(CODE_VERIFIER)}
    times = {"issued_at": now, "expires_at": now + 3600}
    with store.transaction() as connection:
        connection.execute(codes.insert(), [{**row, **times, "code": code, "family": code} for code in made])
    return made


def redemption(code: str) -> bytes:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://127.0.0.1:8766/callback",
        "code_verifier": CODE_VERIFIER,
    }
    return wire.post("http://localhost/auth/sandbox/token", form, wire.basic("photoprint", "photoprint-secret")).raw()


# The load.


class Connection:
    """One kept-alive connection that asks, waits for the whole answer, and asks again."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.came = b""

    def ask(self, raw: bytes) -> None:
        self.came = b""
        self.socket.sendall(raw)

    def status(self) -> bytes | None:
        """Read what has come; the status once the answer is whole."""
        self.came += self.socket.recv(65536)
        head, ended, body = self.came.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if not ended or not length or len(body) < int(length[1]):
            return None
        return head[9:12]


def answers_per_second(port: int, requests: Iterator[bytes], expected: bytes) -> float:
    """Ask for one turn; every answer must have the expected status."""
    connections = [Connection(port) for _ in range(CONNECTIONS)]
    answered, begin = 0, time.perf_counter()
    with selectors.DefaultSelector() as waiting:
        for each in connections:
            waiting.register(each.socket, selectors.EVENT_READ, each)
            each.ask(next(requests))
        while time.perf_counter() - begin < TURN:
            for key, _ in waiting.select():
                if status := key.data.status():
                    assert status == expected, key.data.came
                    answered += 1
                    key.data.ask(next(requests))
        took = time.perf_counter() - begin
    for each in connections:
        each.socket.close()
    return answered / took


def again_and_again(raw: bytes) -> Iterator[bytes]:
    while True:
        yield raw


def under_load(database_url: str) -> dict[str, float]:
    """Answers per second of each, the best of the turns that they took one after the other."""
    with ExitStack() as stack:
        ours = stack.enter_context(served("app:create_app", DATABASE_URL=database_url))
        nothing = stack.enter_context(served("bench:hello"))
        signing = stack.enter_context(served("bench:signer"))
        redemptions = map(redemption, made_codes(Store(database_url), int(TURNS * TURN * 4000)))
        asked = {
            "a Flask hello": (nothing, again_and_again(wire.get("http://localhost/").raw()), b"200"),
            "a Flask view that only signs": (
                signing,
                again_and_again(wire.post("http://localhost/", {}).raw()),
                b"200",
            ),
            "JWKS": (ours, again_and_again(wire.get("http://localhost/auth/sandbox/jwks").raw()), b"200"),
            "tokens": (ours, redemptions, b"200"),
            "refused tokens": (ours, again_and_again(redemption(NO_CODE)), b"400"),
        }
        turns = [{name: answers_per_second(*each) for name, each in asked.items()} for _ in range(TURNS)]
    return {name: max(turn[name] for turn in turns) for name in asked}


# Cold start, and what the first page weighs.


def cold_start(folder: Path) -> float:
    """Seconds from `python app.py` on an empty database to its first answer."""
    begin = time.perf_counter()
    server = serve(f"sqlite:///{folder / f'cold-{time.time_ns()}.sqlite3'}")
    took = time.perf_counter() - begin
    server.process.terminate()
    server.process.wait(timeout=15)
    return took


def at_login(entry: Entry) -> Run:
    """A run that has just been answered with a page, which is shown in a frame."""
    run = started(entry)
    for place in range(2):
        run = entry.stage.send(run.id, run.next_steps[0].name, place)
    return run


def fetched(entry: Entry, address: str) -> bytes:
    response = wire.call(entry, wire.get(f"http://{AUTHORITY}{address}", ("Accept", "text/html")).raw()).response
    assert response.status == 200, (address, response.status)
    return response.body


def page_load(entry: Entry, address: str) -> list[bytes]:
    """A page and everything that it makes a browser fetch."""
    page = fetched(entry, address)
    linked = re.findall(rb'<(?:link|script|img|iframe)\b[^>]*?\b(?:href|src)="(/[^"]+)"', page)
    files = {urljoin(address, each.decode()) for each in linked}
    for sheet in [each for each in files if each.endswith(".css")]:
        files |= {urljoin(sheet, each) for each in re.findall(r"url\(([^)'\"]+)\)", fetched(entry, sheet).decode())}
    return [page, *(fetched(entry, name) for name in sorted(files))]


def in_gzip(files: Sequence[bytes]) -> str:
    return f"{sum(len(gzip.compress(each, 6)) for each in files) / 1000:.1f} kB"


# The table.

Row = tuple[str, str, str]


def ratios(steps: Walked, signed: dict[str, Signed], read: Decoding, load: dict[str, float]) -> list[Row]:
    each = [whole / bare for whole, bare in zip(steps.next, steps.exchange, strict=True)]
    return [
        ("Next / the exchange it makes, over all steps", f"{sum(steps.next) / sum(steps.exchange):.2f}", "at most 5"),
        ("  the same, least and most of one step", f"{min(each):.2f} to {max(each):.2f}", ""),
        ("Next as the 40th exchange / as the 4th", f"{steps.fortieth:.2f}", "about 1"),
        (
            "tokens / a Flask view that only signs",
            f"{over(load, 'tokens', 'a Flask view that only signs')}",
            "at least 0.5",
        ),
        ("JWKS / a Flask hello", f"{over(load, 'JWKS', 'a Flask hello')}", ""),
        *(
            (f"client_credentials / a bare signature, {alg}", f"{each.tokens / each.signatures:.3f}", "")
            for alg, each in signed.items()
        ),
        ("the decoder’s partial / jwt.decode, 1 kB, ES256", f"{read.partial / read.bare:.1f}", "at most 20"),
    ]


def over(load: dict[str, float], name: str, other: str) -> str:
    return f"{load[name] / load[other]:.2f}"


def numbers(
    steps: Walked,
    signed: dict[str, Signed],
    read: Decoding,
    load: dict[str, float],
    cold: float,
    home: list[bytes],
    shown: list[bytes],
) -> list[Row]:
    return [
        ("Next, mean of the steps", f"{mean(steps.next):.2f} ms", ""),
        ("the exchange it makes, mean of the steps", f"{mean(steps.exchange):.2f} ms", ""),
        *((f"{flow}, walked to its end, in process", f"{rate:.0f} /s", "") for flow, rate in steps.flows.items()),
        *((f"client_credentials, {alg}, in process", f"{each.tokens:,.0f} /s", "") for alg, each in signed.items()),
        *((f"  bare signatures, {alg}", f"{each.signatures:,.0f} /s", "") for alg, each in signed.items()),
        ("the decoder’s partial, 1 kB", f"{read.partial:.2f} ms", ""),
        ("  jwt.decode, 1 kB", f"{read.bare:.2f} ms", ""),
        *((f"1 MB pasted: {name}", f"{took:,.0f} ms", "at most 1,000") for name, took in read.megabytes.items()),
        *((f"{name}, granian, one worker", f"{rate:,.0f} /s", "") for name, rate in load.items()),
        ("cold start, to the first answer", f"{cold:.2f} s", ""),
        (f"first page load, {len(home)} files, gzip", in_gzip(home), "at most 60 kB"),
        ("  the same, not compressed", f"{sum(map(len, home)) / 1000:.1f} kB", ""),
        (f"the run page at step 2, {len(shown)} files, gzip", in_gzip(shown), ""),
    ]


def print_table(rows: Sequence[Row]) -> None:
    for what, measured, aim in rows:
        print(f"{what:<52}{measured:>16}   {aim}".rstrip())


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cold = min(cold_start(folder) for _ in range(3))
        entry = create_app(f"sqlite:///{folder / 'in_process.sqlite3'}", AUTHORITY)
        steps = walked(entry)
        signed = {alg: client_credentials(entry, alg) for alg in ALGORITHMS}
        read = decoding(entry)
        home, shown = page_load(entry, "/"), page_load(entry, f"/runs/{at_login(entry).id}?step=2")
        load = under_load(f"sqlite:///{folder / 'served.sqlite3'}")
    above, below = ratios(steps, signed, read, load), numbers(steps, signed, read, load, cold, home, shown)
    print_table([("", "measured", "aim"), *above, ("", "", ""), *below])


if __name__ == "__main__":
    main()
