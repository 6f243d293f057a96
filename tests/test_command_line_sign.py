"""`tokenwalk sign` and `tokenwalk key`: what they print and write, and what they say where nothing can be made."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from flows.command_line import main
from flows.tokens.judging.judge import Expected, Judgement, judge
from flows.tokens.making.fresh_key import ENCRYPTING, SIGNING
from flows.tokens.read import Encrypted, Signed, read
from flows.tokens.ring import read_keys

NOW = 1_795_447_300


class Shell:
    """Runs the command in process, in a folder of its own, and keeps what it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.folder = folder
        self.error = ""
        monkeypatch.chdir(folder)

    def __call__(self, *arguments: str, given: str = "") -> tuple[int, str]:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        try:
            status = main(arguments, now=NOW)
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        out, self.error = self._capsys.readouterr()
        return status, out

    def key(self, alg: str, *more: str, name: str = "key") -> str:
        """A file with a fresh key."""
        status, out = self("key", alg, *more)
        assert status == 0, self.error
        (self.folder / name).write_text(out)
        return name

    def judged(self, token: str, *names: str) -> Judgement:
        keys = tuple(key for name in names for key in read_keys((self.folder / name).read_text())[0])
        return judge(read(token.strip()), Expected(NOW, keys=keys))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.setenv("COLUMNS", "80")
    return Shell(capsys, monkeypatch, tmp_path)


def claims_of(token: str) -> dict[str, Any] | None:
    found = read(token.strip())
    assert isinstance(found, Signed)
    return found.claims


def header_of(token: str) -> dict[str, Any]:
    found = read(token.strip())
    entries = found.recipients if isinstance(found, Encrypted) else found.signatures
    return entries[0].header.object


def test_key_is_made_and_signs_and_its_public_half_verifies(run: Shell) -> None:
    run.key("ES256", "--public", "pub.pem")
    assert (run.folder / "key").read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert (run.folder / "pub.pem").read_text().startswith("-----BEGIN PUBLIC KEY-----\n")
    status, token = run("sign", '{"sub": "alice"}', "--exp", "5m", "--key", "key")
    assert (status, run.error) == (0, "")
    assert claims_of(token) == {"sub": "alice", "iat": NOW, "exp": NOW + 300}
    assert header_of(token) == {"alg": "ES256", "typ": "JWT"}
    assert run.judged(token, "pub.pem").headline == "Genuine"
    status, out = run("decode", token, "--key", "pub.pem")
    assert status == 0
    assert "Genuine" in out


@pytest.mark.parametrize("alg", SIGNING)
def test_every_algorithm_signs_and_is_known_from_its_key(run: Shell, alg: str) -> None:
    run.key(alg, "--format", "jwk")
    status, token = run("sign", "{}", "--key", "key")
    assert (status, header_of(token)["alg"]) == (0, alg)
    assert run.judged(token, "key").headline == "Genuine"


@pytest.mark.parametrize("alg", ENCRYPTING)
def test_every_algorithm_encrypts_and_nests(run: Shell, alg: str) -> None:
    run.key(alg, "--format", "jwk", "--enc", "A128GCM", name="to")
    run.key("EdDSA", name="own")
    status, token = run("sign", '{"a": 1}', "--encrypt", alg, "--enc", "A128GCM", "--key", "to")
    assert (status, header_of(token)["enc"]) == (0, "A128GCM")
    assert run.judged(token, "to").headline == "Opened"
    status, token = run("sign", '{"a": 1}', "--encrypt", alg, "--enc", "A128GCM", "--to", "to", "--key", "own")
    judgement = run.judged(token, "to", "own")
    assert judgement.headline == "Opened"
    assert judgement.inner
    assert judgement.inner[1].headline == "Genuine"


def test_claims_come_as_an_argument_a_file_or_on_standard_input(run: Shell) -> None:
    run.key("HS256")
    (run.folder / "claims.json").write_text('{"a": 1}')
    made = [
        run("sign", '{"a": 1}', "--key", "key"),
        run("sign", "claims.json", "--key", "key"),
        run("sign", "--key", "key", given='{"a": 1}'),
        run("sign", "-", "--key", "key", given='{"a": 1}\n'),
    ]
    assert len(set(made)) == 1
    assert made[0][0] == 0
    assert claims_of(made[0][1]) == {"a": 1}


def test_secret_that_looks_like_bytes_is_told_how_it_was_read(run: Shell) -> None:
    status, _ = run("sign", "{}", "--alg", "HS256", "--key", "0a" * 32)
    assert status == 0
    assert run.error == "tokenwalk sign: The secret was read as text; it also looks like 32 bytes of hex.\n"


def test_options_go_before_what_the_claims_say(run: Shell) -> None:
    run.key("HS256", "--kid", "k1")
    options = ("--sub", "bob", "--aud", "api", "--iss", "https://a.example", "--exp", "90", "--key", "key")
    status, token = run("sign", '{"sub": "alice", "x": 1}', *options)
    assert status == 0
    assert claims_of(token) == {
        "sub": "bob",
        "x": 1,
        "iss": "https://a.example",
        "aud": "api",
        "iat": NOW,
        "exp": NOW + 90,
    }
    status, token = run("sign", *options)
    assert claims_of(token) == {"sub": "bob", "iss": "https://a.example", "aud": "api", "iat": NOW, "exp": NOW + 90}
    status, token = run("sign", "{}", "--key", "key", "--typ", "at+jwt", "--header", '{"own": [1]}')
    assert header_of(token) == {"alg": "HS256", "typ": "at+jwt", "kid": "k1", "own": [1]}
    for written, seconds in (("30s", 30), ("2h", 7200), ("1d", 86_400)):
        assert (claims_of(run("sign", "{}", "--exp", written, "--key", "key")[1]) or {})["exp"] == NOW + seconds


def test_sd_jwt_unsecured_and_any_text_are_made(run: Shell) -> None:
    run.key("ES256")
    status, token = run("sign", '{"a": 1, "b": 2}', "--hide", "a", "--hide", "b", "--show", "b", "--decoys", "1",
                        "--key", "key")  # fmt: skip
    assert status == 0
    found = read(token.strip())
    assert isinstance(found, Signed)
    assert [each.name for each in found.disclosures or ()] == ["b"]
    assert len((found.claims or {})["_sd"]) == 3
    assert run.judged(token, "key").headline == "Genuine"
    status, token = run("sign", "{}", "--alg", "none")
    assert status == 0
    assert run.error.startswith("tokenwalk sign: Nothing is signed: ")
    assert header_of(token) == {"alg": "none", "typ": "JWT"}
    status, token = run("sign", "hello", "--text", "--key", "key")
    assert run.error == "tokenwalk sign: The payload is any text: this is a JWS, and no JWT (RFC 7519 §7.2).\n"
    assert header_of(token) == {"alg": "ES256"}


def test_code_is_printed_in_place_of_the_token_and_runs(run: Shell) -> None:
    run.key("RS256", name="key.pem")
    arguments = ("sign", '{"sub": "alice"}', "--key", "key.pem")
    status, code = run(*arguments, "--code")
    assert status == 0
    assert run.error == "tokenwalk sign: The code reads key.pem: the private key as PEM.\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=run.folder, check=False)
    assert (done.stderr, done.stdout) == ("", run(*arguments)[1])


def test_keys_are_written_in_each_form(run: Shell) -> None:
    run.key("ES384", "--format", "jwks", "--public", "pub.json", "--kid", "k1")
    private, public = json.loads((run.folder / "key").read_text()), json.loads((run.folder / "pub.json").read_text())
    assert list(private["keys"][0]) == ["kty", "kid", "use", "alg", "crv", "x", "y", "d"]
    assert public["keys"] == [{name: value for name, value in private["keys"][0].items() if name != "d"}]
    assert private["keys"][0]["kid"] == "k1"
    run.key("RSA-OAEP", "--bits", "3072", "--format", "jwk", name="rsa")
    assert read_keys((run.folder / "rsa").read_text())[0][0].key.raw_value.key_size == 3072
    run.key("ECDH-ES", "--curve", "X448", name="ec")
    assert read_keys((run.folder / "ec").read_text())[0][0].key.curve_name == "X448"  # type: ignore[union-attr]
    run.key("dir", "--enc", "A256CBC-HS512", name="dir")
    assert len(read_keys((run.folder / "dir").read_text())[0][0].key.raw_value) == 64


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("sign", '{"a": 1,}', "--key", "es"),
            "tokenwalk sign: Claims, line 1, character 9: a comma stands before the closing bracket.",
        ),
        (
            ("sign", "{}", "--alg", "HS512", "--key", "short"),
            "tokenwalk sign: --key: The secret, as text: HS512 needs a secret of at least 64 bytes "
            "(RFC 7518 §3.2); this has 5.",
        ),
        (
            ("sign", "{}", "--alg", "RS256", "--key", "es"),
            "tokenwalk sign: --key: The private key in the PEM: It is an EC key, and RS256 takes an RSA key.",
        ),
        (("sign", "{}"), "tokenwalk sign: --key: Signing with ES256 needs a private key or a secret."),
        (
            ("sign", "{}", "--key", "locked"),
            "tokenwalk sign: The file locked holds no key that can be used. The private key in the PEM is encrypted "
            "with a passphrase, which is not asked for here: decrypt it first (`openssl pkey -in key.pem`).",
        ),
        (("sign", "{}", "--key", "no.pem"), "tokenwalk sign: There is no file called no.pem."),
        (
            ("sign", "{}", "--alg", "HS256", "--key", "/tmp/there/is/no/such/file/of/a/key"),
            "tokenwalk sign: There is no file called /tmp/there/is/no/such/file/of/a/key. "
            "A secret with a slash in it is given in a file.",
        ),
        (("sign", "no.json", "--key", "es"), "tokenwalk sign: There is no file called no.json."),
        (("sign", "no.txt", "--text", "--key", "es"), "tokenwalk sign: There is no file called no.txt."),
        (("sign", "claims", "--key", "es"), "tokenwalk sign: There is no file called claims, and it is no JSON."),
        (
            ("sign", "{}", "--alg", "X", "--key", "es"),
            f"tokenwalk sign: 'X' is no algorithm that signs; these do: {', '.join(SIGNING)}.",
        ),
        (
            ("sign", "{}", "--alg", "none", "--key", "es"),
            "tokenwalk sign: An unsecured token (--alg none) has no key, is not encrypted and hides nothing.",
        ),
        (
            ("sign", "{}", "--to", "es", "--key", "es"),
            "tokenwalk sign: --to is the key of whoever opens it: say with --encrypt how it is to be encrypted.",
        ),
        (
            ("sign", "{}", "--encrypt", "dir", "--key", "short"),
            "tokenwalk sign: --key: The secret, as text: A256GCM, used directly, needs a secret of just 32 bytes "
            "(RFC 7518 §4.5); this has 5.",
        ),
        (
            ("sign", "{}", "--encrypt", "dir", "--key", "short", "--alg", "HS256"),
            "tokenwalk sign: To sign and then encrypt it takes two keys: --key signs, --to is for whoever opens it.",
        ),
        (("sign", "{}", "--hide", "a", "--key", "es"),
         "tokenwalk sign: --hide: `a` is none of the claims, so it cannot be hidden."),
        (("sign", "x", "--text", "--sub", "a", "--key", "es"),
         "tokenwalk sign: --text signs any text, so claims cannot be added to it."),
        (("key", "X"), f"tokenwalk key: No key is made for 'X'; it is one of {', '.join(SIGNING + ENCRYPTING)}."),
        (("key", "RS256", "--bits", "1024"),
         "tokenwalk key: A key for RS256 cannot have the size '1024': that is one of 2048, 3072, 4096."),
        (("key", "RS256", "--bits", "2048", "--curve", "P-256"),
         "tokenwalk key: A key has a number of bits or a curve, and not both: leave one of --bits and --curve out."),
        (("key", "HS256", "--format", "pem"),
         "tokenwalk key: HS256 uses a secret, and PEM has no form for one. Use --format jwk."),
        (("key", "HS256", "--public", "x"),
         "tokenwalk key: HS256 uses a secret, which has no public half: whoever verifies could sign as well."),
        (("key", "ES256", "--public", "short"),
         "tokenwalk key: The file short is there already, and is left as it is."),
        (("key", "ES256", "--public", "no/such"),
         "tokenwalk key: The file no/such cannot be written: No such file or directory."),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_said_and_ends_with_2(run: Shell, arguments: tuple[str, ...], says: str) -> None:
    run.key("ES256", name="es")
    (run.folder / "short").write_text("short\n")
    locked = read_keys((run.folder / "es").read_text())[0][0].key
    (run.folder / "locked").write_text(locked.as_pem(private=True, password="x").decode())  # type: ignore[union-attr]
    assert run(*arguments) == (2, "")
    assert run.error == says + "\n"


def test_time_that_is_none_is_refused(run: Shell) -> None:
    assert run("sign", "{}", "--exp", "soon") == (2, "")
    assert run.error.endswith("argument --exp: must be a time like 30s, 5m, 2h or 1d, not 'soon'\n")


def test_help_is_plain_ascii_and_names_every_algorithm(run: Shell) -> None:
    for command in ("sign", "key"):
        status, out = run(command, "--help")
        assert status == 0
        assert out.isascii()
        assert max(map(len, out.splitlines())) <= 84
    assert {*SIGNING, *ENCRYPTING} <= set(re.split(r"\s+", out))


def test_key_does_not_stay_anywhere(run: Shell) -> None:
    run("key", "ES256")
    assert list(run.folder.iterdir()) == []


def test_installed_command_makes_a_key_and_a_token(run: Shell) -> None:
    command = [sys.executable, "-c", "import sys; from flows.command_line import main; sys.exit(main())"]
    run.key("EdDSA")
    done = subprocess.run(
        [*command, "sign", "--key", str(run.folder / "key")], input='{"a":1}', capture_output=True, text=True, cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert claims_of(done.stdout) == {"a": 1}
