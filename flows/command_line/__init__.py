"""The command line: `tokenwalk decode` reads a token, verifies it and says what it found; `tokenwalk serve` starts the
application."""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TextIO

from flows import as_json
from flows.terminal import Screen, harmless, show
from flows.tokens.find import Finds, Found, find
from flows.tokens.judge import Expected, Judgement, judge
from flows.tokens.profiles import PROFILES
from flows.tokens.read import Other, Signed
from flows.tokens.ring import Held, read_keys

FINE, FAILED, NOTHING = 0, 1, 2
LARGEST = 1_000_000  # bytes read of what is pasted or of a file of keys
MOST_SIGNATURES = 20  # judged of one token
WIDEST = 110  # characters of a line, on however wide a screen
IN_ASCII = str.maketrans({"✓": "+", "✗": "x", "–": "-", "’": "'", "“": '"', "”": '"', "…": "...", "§": "section "})
KEY_FILES = (".pem", ".key", ".pub", ".crt", ".cer", ".der", ".json", ".jwk", ".jwks", ".txt")

DECODE = """\
Find the tokens in TEXT or in standard input, say what they hold, verify or
decrypt them with the keys at hand, and check what they say. Nothing is fetched,
stored or sent.
"""
SECRETS = """\
Other programs of this machine can read what stands on a command line, and the
shell keeps it in its history. So give a live token on standard input, and a
secret or a private key as the name of a file.

exit status:
  0  nothing failed
  1  a check failed
  2  there is no token in it, or an argument cannot be used
"""


class Unusable(Exception):
    """An argument, a file or an input that cannot be used; the message is a sentence that says why."""


def main(argv: Sequence[str] | None = None, now: int | None = None) -> int:
    """Do what the arguments say and return the exit status. `now` is the time in seconds by which tokens are judged."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["serve"]:
        return _serve(arguments[1:])
    asked = _parser().parse_args(arguments)
    if asked.command is None:
        _parser().print_help()
        return FINE
    try:
        text, status = _decode(asked, int(time.time()) if now is None else now)
    except Unusable as error:
        print(f"tokenwalk decode: {harmless(str(error))}", file=sys.stderr)
        return NOTHING
    except KeyboardInterrupt:
        return 130
    _write(text, sys.stdout)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tokenwalk", description="OAuth 2.0 and JWT, one real request at a time.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    decode = commands.add_parser(
        "decode",
        help="find, read and verify tokens",
        description=DECODE,
        epilog=SECRETS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    decode.add_argument("text", metavar="TEXT", nargs="?", help="what holds a token; without it, or with -, read input")
    decode.add_argument("--json", action="store_true", help="print all of it as JSON, nothing shortened")
    decode.add_argument(
        "--key",
        metavar="FILE_OR_TEXT",
        action="append",
        default=[],
        help="a key to verify or decrypt with: PEM, certificate, JWK, JWKS or a secret; may be given several times",
    )
    decode.add_argument("--jwks", metavar="FILE", action="append", default=[], help="a file with a set of keys")
    decode.add_argument(
        "--as",
        dest="profile",
        metavar="PROFILE",
        choices=PROFILES,
        help=f"judge it as this kind of token, not as what it looks like: {', '.join(PROFILES)}",
    )
    decode.add_argument("--iss", default="", help="the issuer that you trust")
    decode.add_argument("--aud", default="", help="who you are: what `aud` must name")
    decode.add_argument(
        "--leeway", type=_seconds, default=0, metavar="SECONDS", help="by how much clocks may differ (default: 0)"
    )
    commands.add_parser("serve", help="start the application; its --help lists its options")
    return parser


def _seconds(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise argparse.ArgumentTypeError(f"must be a whole number of seconds, not {written[:40]!r}")
    return int(written)


def _serve(arguments: list[str]) -> int:
    import app

    app.main(arguments, "tokenwalk serve")
    return FINE


def _decode(asked: argparse.Namespace, now: int) -> tuple[str, int]:
    """What is to be printed, and the exit status."""
    keys = [key for given in asked.key for key in _keys(*_file_or_text(given))]
    keys += [key for name in asked.jwks for key in _keys(_file(name), f"The file {name}")]
    finds = find(_input(asked.text))
    if not finds.tokens:
        raise Unusable(_nothing(finds))
    if finds.keys_text and not keys:
        print("tokenwalk decode: There is a key beside it; to use it, give it with --key.", file=sys.stderr)
    expected = Expected(now, asked.profile or "", tuple(keys), iss=asked.iss, aud=asked.aud, leeway=asked.leeway)
    judged = [(each, judgements(each, expected)) for each in finds.tokens]
    failed = any(_failed(judgement) for _, each in judged for judgement in each)
    return (as_json.written(judged) if asked.json else _for_people(judged, now)), FAILED if failed else FINE


def _failed(judgement: Judgement) -> bool:
    return judgement.state == "failed" or bool(judgement.inner and _failed(judgement.inner[1]))


def _nothing(finds: Finds) -> str:
    if finds.keys_text:
        return "There is a key in it, and no token. A key is given with --key."
    return finds.says if finds.pasted.strip() else "There is nothing in it."


def judgements(found: Found, expected: Expected) -> list[Judgement]:
    """One for each signature of a token; none for what is no JOSE token and cannot be judged."""
    if isinstance(found.token, Other):
        return []
    several = len(found.token.signatures) if isinstance(found.token, Signed) else 1
    return [
        judge(found.token, replace(expected, which=which)) for which in range(min(max(several, 1), MOST_SIGNATURES))
    ]


def _for_people(judged: Sequence[tuple[Found, Sequence[Judgement]]], now: int) -> str:
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    screen = Screen(min(shutil.get_terminal_size().columns, WIDEST), colours, now)
    lines: list[str] = []
    for number, (found, each) in enumerate(judged, 1):
        called = f"Token {number} of {len(judged)}" if len(judged) > 1 else "Found 1 token"
        lines += ["", *show(screen, called, found, each)] if lines else show(screen, called, found, each)
    return "\n".join(lines) + "\n"


def _input(text: str | None) -> str:
    """The argument, or what comes on standard input, up to the limit."""
    if text is not None and text != "-":
        data = text.encode("utf-8", "surrogateescape")
    else:
        if sys.stdin.isatty():
            print("Paste what holds a token, then press Ctrl+D.", file=sys.stderr)
        data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Unusable(f"It is larger than {LARGEST:,} bytes, which is more than is read.")
    return data.decode("utf-8", "replace")


def _keys(text: str, where: str) -> tuple[Held, ...]:
    """The keys in a text. What is odd about some is told on standard error; where there are none, that is an error."""
    keys, problems = read_keys(text)
    if not keys:
        raise Unusable(f"{where} holds no key that can be used. {' '.join(problems)}".strip())
    for problem in problems:
        print(f"tokenwalk decode: {harmless(f'{where}: {problem}')}", file=sys.stderr)
    return keys


def _file_or_text(given: str) -> tuple[str, str]:
    """What --key was given: the content of a file of that name if there is one, else the text itself."""
    if len(given) < 1000 and "\n" not in given and "\0" not in given:
        if os.path.exists(given):
            return _file(given), f"The file {given}"
        if given.lower().endswith(KEY_FILES):
            raise Unusable(f"There is no file called {given}.")
    return given, "The key"


def _file(name: str) -> str:
    """A file's text; one that is no text (DER) as base64."""
    try:
        with open(name, "rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unusable(f"The file {name} cannot be read: {why}.") from None
    if len(data) > LARGEST:
        raise Unusable(f"The file {name} is larger than {LARGEST:,} bytes, which is more than is read.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def _write(text: str, stream: TextIO) -> None:
    """Write it all at once. Where a terminal has no ✓ it gets other characters; a pipe that was closed is no fault."""
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        text = text.translate(IN_ASCII).encode("ascii", "backslashreplace").decode()
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or Python complains when it flushes at its end
