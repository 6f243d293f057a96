"""What a command is given: a text or what comes on standard input, files, keys; and what it cannot use."""

from __future__ import annotations

import base64
import os
import sys

from flows.terminal import harmless
from flows.tokens.ring import Held, read_keys

LARGEST = 1_000_000  # bytes read of what is pasted or of a file of keys
KEY_FILES = (".pem", ".key", ".pub", ".crt", ".cer", ".der", ".json", ".jwk", ".jwks", ".txt")


class Unusable(Exception):
    """An argument, a file or an input that cannot be used; the message is a sentence that says why."""


def tell(command: str, says: str) -> None:
    """A sentence beside what is printed, on standard error."""
    print(f"tokenwalk {command}: {harmless(says)}", file=sys.stderr)


def of_input(text: str | None, asks: str) -> str:
    """The argument, or what comes on standard input, up to the limit; `asks` is said to whoever is to type it."""
    if text is not None and text != "-":
        data = text.encode("utf-8", "surrogateescape")
    else:
        if sys.stdin.isatty():
            print(asks, file=sys.stderr)
        data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Unusable(f"It is larger than {LARGEST:,} bytes, which is more than is read.")
    return data.decode("utf-8", "replace")


def keys(text: str, where: str, command: str) -> tuple[Held, ...]:
    """The keys in a text. What is odd about some is told on standard error; where there are none, that is an error."""
    found, problems = read_keys(text)
    if not found:
        raise Unusable(f"{where} holds no key that can be used. {' '.join(problems)}".strip())
    for problem in problems:
        tell(command, f"{where}: {problem}")
    return found


def file_or_text(given: str) -> tuple[str, str]:
    """What --key was given: the content of a file of that name if there is one, else the text itself."""
    if len(given) < 1000 and "\n" not in given and "\0" not in given:
        if os.path.exists(given):
            return file_text(given), f"The file {given}"
        if given.lower().endswith(KEY_FILES):
            raise Unusable(f"There is no file called {given}.")
        if "/" in given and any(each.called.startswith("the secret") for each in read_keys(given)[0]):
            raise Unusable(f"There is no file called {given}. A secret with a slash in it is given in a file.")
    return given, "The key"


def file_text(name: str) -> str:
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
