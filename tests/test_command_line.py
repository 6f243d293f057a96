"""The command line: what it prints, which status it ends with, and that a token cannot play with the terminal."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.command_line import main
from flows.sections import label
from flows.tokens import base64url
from flows.tokens.judging.judge import Expected, judge
from flows.tokens.read import Encrypted, Signed, read
from flows.tokens.ring import read_keys

EXAMPLES = {
    example["id"]: example for example in json.loads((ROOT / "tests/vectors/rfc_examples.json").read_text())["examples"]
}
HS256 = EXAMPLES["rfc7515-A.1"]["token"]  # RFC 7515 A.1, with "exp": 1300819380
SECRET = json.dumps(EXAMPLES["rfc7515-A.1"]["key"])
BEFORE, AFTER = 1300819380 - 90, 1300819380 + 90


class Screen:
    """Runs the command in process and keeps what it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.error = ""

    def __call__(self, *arguments: str, now: int = BEFORE) -> tuple[int, str]:
        try:
            status = main(arguments, now=now)
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        out, self.error = self._capsys.readouterr()
        return status, out


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("COLUMNS", "80")
    return Screen(capsys)


def on_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def signed(header: object, payload: object) -> str:
    """A token whose signature is nothing in particular."""
    parts = [base64url.encode(json.dumps(part).encode()) for part in (header, payload)]
    return ".".join([*parts, base64url.encode(bytes(32))])


def test_token_is_printed_with_its_notes_times_checks_and_verdict(run: Screen) -> None:
    status, out = run("decode", HS256, "--key", SECRET)
    token = read(HS256)
    assert isinstance(token, Signed)
    judgement = judge(token, Expected(BEFORE, keys=read_keys(SECRET)[0]))
    checks = []
    for row in judgement.rows:
        says = row.finding.says if row.finding.state == "passed" else f"{row.finding.state}: {row.finding.says}"
        mark = {"passed": "✓", "failed": "✗", "warning": "!", "not checked": "–"}[row.finding.state]
        line = f"  {mark} {says}"
        checks.append(line + label(row.rfc).rjust(80 - len(line)))
        checks += [f"    {row.finding.more}"] if row.finding.more and row.finding.state != "passed" else []
    counted = ", ".join(f"{judgement.counts[state]} {state}" for state in ("passed", "not checked"))
    assert status == 0
    assert out.splitlines()[1:] == [
        "",
        "A signed token (JWS, compact form)",
        "Judged as: any JWT",
        "",
        "Header",
        '  typ  "JWT"           a JWT of any kind',
        '  alg  "HS256"         HMAC with SHA-256',
        "",
        "Payload",
        '  iss                   "joe"           who issued it',
        "  exp                   1300819380",
        "                        ends 22 March 2011, 18:43:00 UTC, in 1 min 30 s",
        "  http://example.com/is_root",
        "                        true",
        "",
        "Checks",
        f"  {counted}:",
        *checks,
        "",
        "✓ Genuine",
        *(f"  {line}" for line in judgement.says.splitlines()),
    ]


def test_first_line_says_where_it_was_found_and_what_was_left_out(run: Screen) -> None:
    _, out = run("decode", f"Authorization: Bearer {HS256}")
    first = out.splitlines()[0]
    assert first.startswith("Found 1 token, in a header line.")
    assert "Authorization: Bearer" in first
    assert re.findall(r"\x1b", out) == []


@pytest.mark.parametrize(
    ("arguments", "now", "status"),
    [
        ((HS256,), BEFORE, 0),
        ((HS256, "--key", SECRET), BEFORE, 0),
        ((HS256, "--key", SECRET), AFTER, 1),
        ((HS256, "--key", SECRET, "--leeway", "120"), AFTER, 0),
        ((HS256, "--key", SECRET, "--iss", "joe"), BEFORE, 0),
        ((HS256, "--key", SECRET, "--iss", "jane"), BEFORE, 1),
        ((HS256, "--key", SECRET, "--aud", "me"), BEFORE, 1),
        ((HS256, "--key", SECRET, "--as", "access-token"), BEFORE, 1),
        ((HS256, "--key", "another secret"), BEFORE, 1),
        ((HS256, "--key", "another secret", "--key", SECRET), BEFORE, 0),
        ((HS256[:-1],), BEFORE, 1),
        ((f"{HS256[:-2]}AA", "--key", SECRET), BEFORE, 1),
        ((EXAMPLES["rfc7515-A.5"]["token"],), BEFORE, 1),
        (("nothing here",), BEFORE, 2),
        (("",), BEFORE, 2),
        ((HS256, "--leeway", "-1"), BEFORE, 2),
        ((HS256, "--as", "something"), BEFORE, 2),
    ],
)
def test_exit_status_says_whether_something_failed(
    run: Screen, arguments: tuple[str, ...], now: int, status: int
) -> None:
    assert run("decode", *arguments, now=now)[0] == status


@pytest.mark.parametrize("arguments", [("decode",), ("decode", "-")])
def test_token_comes_on_standard_input(
    run: Screen, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    on_input(monkeypatch, f"Authorization: Bearer {HS256}\n".encode())
    status, out = run(*arguments, "--key", SECRET)
    assert (status, "✓ Genuine" in out.splitlines()) == (0, True)


def test_binary_input_is_no_token_and_no_trace(run: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    on_input(monkeypatch, bytes(range(256)) * 40)
    assert run("decode") == (2, "")
    assert re.fullmatch(r"tokenwalk decode: Nothing in this looks like a token\. .*\n", run.error)


def test_what_is_too_large_is_refused_with_the_size(run: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    on_input(monkeypatch, b"a" * 1_000_001)
    assert run("decode") == (2, "")
    assert run.error == "tokenwalk decode: It is larger than 1,000,000 bytes, which is more than is read.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--jwks", "nowhere"), "The file nowhere cannot be read: No such file or directory."),
        (("--jwks", "."), "The file . cannot be read: Is a directory."),
        (("--jwks", "a\0b"), r"The file a\u0000b cannot be read: embedded null byte."),
        (("--key", "nowhere.pem"), "There is no file called nowhere.pem."),
        (("--key", "{"), "The key holds no key that can be used."),
    ],
)
def test_key_that_cannot_be_had_is_said_in_a_sentence(run: Screen, arguments: tuple[str, ...], says: str) -> None:
    assert run("decode", HS256, *arguments) == (2, "")
    assert run.error.startswith(f"tokenwalk decode: {says}")
    assert run.error.count("\n") == 1


def test_key_comes_from_a_file_and_is_not_shown(run: Screen, tmp_path: Path) -> None:
    jwk, jwks = tmp_path / "key.json", tmp_path / "keys"
    jwk.write_text(SECRET)
    jwks.write_text(json.dumps({"keys": [EXAMPLES["rfc7515-A.1"]["key"]]}))
    for arguments in (("--key", str(jwk)), ("--jwks", str(jwks)), ("--json", "--key", str(jwk))):
        status, out = run("decode", HS256, *arguments)
        assert status == 0
        assert EXAMPLES["rfc7515-A.1"]["key"]["k"] not in out + run.error


def test_json_holds_everything_and_nothing_shortened(run: Screen) -> None:
    long = "x" * 5000
    status, out = run("decode", "--json", signed({"alg": "ES256"}, {"sub": long, "deep": [[1]], "esc": "\x1b[2J"}))
    assert out.isascii()
    [token] = json.loads(out)["tokens"]
    assert (status, token["kind"], token["form"]) == (1, "JWS", "compact")
    assert token["headers"] == [{"alg": "ES256"}]
    assert token["payload"] == {"sub": long, "deep": [[1]], "esc": "\x1b[2J"}
    [judged] = token["judged"]
    assert (judged["state"], judged["verdict"], judged["key"]) == ("failed", "Not genuine", None)
    assert {"name", "state", "says", "more", "of", "rfc"} == set(judged["checks"][0])


def test_json_stays_json_where_a_value_is_none(run: Screen) -> None:
    parts = (b'{"alg":"HS256"}', b'{"a":NaN,"b":' + b"[" * 300 + b"]" * 300 + b"}", b"")
    _, out = run("decode", "--json", ".".join(map(base64url.encode, parts)))
    payload = json.loads(out, parse_constant=pytest.fail)["tokens"][0]["payload"]
    assert payload == {"a": "NaN", "b": "[" * 300 + "]" * 300}


def test_opened_token_and_what_is_in_it_are_judged(run: Screen) -> None:
    nested = EXAMPLES["rfc7519-A.2"]
    keys = [json.dumps(nested[name]) for name in ("key", "inner_key")]
    status, out = run("decode", nested["token"], "--key", keys[0], "--key", keys[1])
    assert isinstance(read(nested["token"]), Encrypted)
    assert status == 0
    lines = out.splitlines()
    assert "An encrypted token (JWE, compact form)" in lines
    assert run("decode", nested["token"], "--key", keys[0], "--key", keys[1], now=AFTER)[0] == 1
    assert lines.index("Within it") < lines.index("A signed token (JWS, compact form)")


def test_nothing_of_a_token_reaches_the_terminal_unescaped(run: Screen) -> None:
    evil = "\x1b]0;owned\x07\x9b2J\u202e\r\n\u2028"
    _, out = run("decode", signed({"alg": f"ES256{evil}", "typ": evil, evil: evil}, {"sub": evil, "iss": evil}))
    assert [letter for letter in out if not letter.isprintable() and letter != "\n"] == []
    assert r"\u001b]0;owned\u0007" in out


def test_colours_are_for_terminals_and_not_with_no_color(run: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, plain = run("decode", HS256)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, coloured = run("decode", HS256)
    monkeypatch.setenv("NO_COLOR", "1")
    _, without = run("decode", HS256)
    assert plain == without == re.sub(r"\x1b\[\d+m", "", coloured) != coloured


@pytest.mark.parametrize("columns", [20, 40, 57, 80, 200])
def test_no_line_is_wider_than_the_screen(run: Screen, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    _, out = run(
        "decode", signed({"alg": "ES256", "kid": "k" * 90}, {"iss": "https://a.example/" + "b" * 99, "exp": 5})
    )
    assert max(map(len, out.splitlines())) <= min(max(columns, 40), 110)


def test_several_tokens_are_all_shown_and_one_that_failed_decides(run: Screen) -> None:
    status, out = run("decode", f"{HS256}\n{EXAMPLES['rfc7515-A.5']['token']}\n")
    assert status == 1
    assert re.findall(r"^Token \d of \d", out, re.MULTILINE) == ["Token 1 of 2", "Token 2 of 2"]


def test_help_is_printed_without_a_command_and_warns_of_secrets(run: Screen) -> None:
    assert run()[0] == 0
    status, out = run("decode", "--help")
    assert status == 0
    assert "Other programs of this machine can read what stands on a command line" in out


def test_serve_gives_its_arguments_on(run: Screen) -> None:
    status, _ = run("serve", "--port", "0")
    assert status == 2
    assert run.error.splitlines()[-1] == "tokenwalk serve: error: --port must be between 1 and 65535, not 0"


def test_pipe_that_is_closed_leaves_no_trace() -> None:
    code = "import sys; from flows.command_line import main; sys.exit(main())"
    payload = {f"claim{number}": "x" * 90 for number in range(900)}
    decoding = subprocess.Popen(
        [sys.executable, "-c", code, "decode", "--json"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert decoding.stdin and decoding.stdout and decoding.stderr
    decoding.stdout.close()
    decoding.stdin.write(signed({"alg": "ES256"}, payload).encode())
    decoding.stdin.close()
    assert decoding.stderr.read() == b""
    assert decoding.wait(timeout=20) == 1


def test_screen_that_knows_no_check_mark_gets_ascii(run: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert main(["decode", HS256, "--key", SECRET], now=BEFORE) == 0
    assert b"\n+ Genuine\n" in written.getvalue()


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        (" \n", "There is nothing in it."),
        (SECRET, "There is a key in it, and no token. A key is given with --key."),
        ('{"iss": "joe", "sub": "a"}', "These are claims, and no token"),
    ],
)
def test_what_is_no_token_is_said_to_be_what_it_is(run: Screen, pasted: str, says: str) -> None:
    assert run("decode", pasted) == (2, "")
    assert run.error.startswith(f"tokenwalk decode: {says}")


def test_key_beside_a_token_is_not_used_unasked(run: Screen) -> None:
    _, out = run("decode", f"{HS256}\n{SECRET}")
    assert "– Readable, but not verified" in out.splitlines()
    assert run.error == "tokenwalk decode: There is a key beside it; to use it, give it with --key.\n"


def test_what_is_no_jose_token_is_named(run: Screen) -> None:
    paseto = (
        "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDowMCswMDowMCJ9bg_XBB"
        "zds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1ciiQEDA"
    )
    status, out = run("decode", paseto)
    assert status == 0
    assert "PASETO" in out


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_every_published_example_is_printed_in_both_ways(run: Screen, example: dict[str, object]) -> None:
    token = example.get("token")
    pasted = token if isinstance(token, str) else json.dumps(token)
    if token is None:
        return
    for arguments in ((), ("--json",)):
        status, out = run("decode", *arguments, pasted)
        assert status in (0, 1) and out


PIECES = st.one_of(
    st.sampled_from(['{"alg":"HS256"}', '{"alg":"dir","enc":"A128GCM"}', "{", '{"a":NaN}', '{"exp":1e400,"exp":[]}']),
    st.recursive(
        st.none() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(json.dumps),
).map(str.encode) | st.binary()  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=6), st.sampled_from([".", "~", ""]))
@settings(max_examples=150, deadline=None)
def test_no_token_makes_it_raise_or_print_what_does_not_print(pieces: list[bytes], joint: str) -> None:
    token = joint.join(map(base64url.encode, pieces))
    for arguments in ([], ["--json"]):
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
            assert main(["decode", *arguments, f"Bearer {token}"], now=BEFORE) in (0, 1, 2)
        assert all(letter.isprintable() or letter == "\n" for letter in out.getvalue())
