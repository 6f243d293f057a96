"""The command line: `tokenwalk decode` reads and verifies a token, `tokenwalk sign` and `tokenwalk key` make one and a
key, and `tokenwalk serve` starts the application."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from flows.command_line import decode, key, sign
from flows.command_line.given import Unusable, tell

FINE, NOTHING = 0, 2
IN_ASCII = str.maketrans({"✓": "+", "✗": "x", "–": "-", "’": "'", "“": '"', "”": '"', "…": "...", "§": "section "})


def main(argv: Sequence[str] | None = None, now: int | None = None) -> int:
    """Do what the arguments say and return the exit status. `now` is the time in seconds that counts."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["serve"]:
        return _serve(arguments[1:])
    asked = _parser().parse_args(arguments)
    if asked.command is None:
        _parser().print_help()
        return FINE
    try:
        text, status = asked.run(asked, int(time.time()) if now is None else now)
    except Unusable as error:
        tell(asked.command, str(error))
        return NOTHING
    except KeyboardInterrupt:
        return 130
    _write(text, sys.stdout)
    return int(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tokenwalk", description="OAuth 2.0 and JWT, one real request at a time.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for each in (decode, sign, key):
        each.add_to(commands)
    commands.add_parser("serve", help="start the application; its --help lists its options")
    return parser


def _serve(arguments: list[str]) -> int:
    import app

    app.main(arguments, "tokenwalk serve")
    return FINE


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
