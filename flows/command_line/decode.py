"""`tokenwalk decode`: read a token, verify it, and say what was found."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace

from flows import as_json
from flows.command_line.given import Unusable, file_or_text, file_text, keys, of_input, tell
from flows.terminal import Screen, show
from flows.tokens.finding.find import Finds, Found, find
from flows.tokens.judging.judge import Expected, Judgement, judge
from flows.tokens.judging.profiles import PROFILES
from flows.tokens.read import Other, Signed

FINE, FAILED = 0, 1
MOST_SIGNATURES = 20  # judged of one token
WIDEST = 110  # characters of a line, on however wide a screen

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


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    decode.set_defaults(run=run)


def _seconds(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise argparse.ArgumentTypeError(f"must be a whole number of seconds, not {written[:40]!r}")
    return int(written)


def run(asked: argparse.Namespace, now: int) -> tuple[str, int]:
    """What is to be printed, and the exit status."""
    held = [key for given in asked.key for key in keys(*file_or_text(given), "decode")]
    held += [key for name in asked.jwks for key in keys(file_text(name), f"The file {name}", "decode")]
    finds = find(of_input(asked.text, "Paste what holds a token, then press Ctrl+D."))
    if not finds.tokens:
        raise Unusable(_nothing(finds))
    if finds.keys_text and not held:
        tell("decode", "There is a key beside it; to use it, give it with --key.")
    expected = Expected(now, asked.profile or "", tuple(held), iss=asked.iss, aud=asked.aud, leeway=asked.leeway)
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
