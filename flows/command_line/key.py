"""`tokenwalk key`: a fresh key for an algorithm, on standard output; its public half in a file."""

from __future__ import annotations

import argparse

from flows.command_line.given import Unusable
from flows.tokens.making.fresh_key import CONTENT, ENCRYPTING, SIGNING, Halves, fresh, halves, jwk, jwks
from flows.tokens.ring import Held

KEY = """\
Make a fresh key for ALG and print it: the private half of a pair, or a secret.
Nothing is kept, and nothing is sent.
"""
ALGORITHMS = f"""\
ALG is one of these:
  to sign     {" ".join(SIGNING[:5])}
              {" ".join(SIGNING[5:11])}
              {" ".join(SIGNING[11:])}
  to encrypt  {" ".join(ENCRYPTING[:4])}
              {" ".join(ENCRYPTING[4:9])}
              {" ".join(ENCRYPTING[9:13])}
              {" ".join(ENCRYPTING[13:])}

Write it where nobody else can read it: (umask 077; tokenwalk key ES256 > key.pem)

exit status:
  0  a key was made
  2  an argument cannot be used, or a file cannot be written
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    key = commands.add_parser(
        "key",
        help="make a fresh key",
        description=KEY,
        epilog=ALGORITHMS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    key.add_argument("alg", metavar="ALG", help="the algorithm that it is for")
    key.add_argument("--bits", default="", help="of an RSA key: 2048 (as it is without this), 3072 or 4096")
    key.add_argument(
        "--curve", default="", help="of a key for EdDSA (Ed25519, Ed448) or ECDH-ES (P-256, X25519 and more)"
    )
    key.add_argument(
        "--enc",
        metavar="ENC",
        default="A256GCM",
        choices=CONTENT,
        help="for `dir`: the content's algorithm, for its size",
    )
    key.add_argument("--kid", default="", help="its name; without this, the beginning of its thumbprint (RFC 7638)")
    key.add_argument(
        "--format",
        choices=("pem", "jwk", "jwks"),
        help="how it is written; without this, a pair as pem and a secret as jwk",
    )
    key.add_argument("--public", metavar="FILE", help="write the public half there, in the same format")
    key.set_defaults(run=run)


def run(asked: argparse.Namespace, now: int) -> tuple[str, int]:
    """The private half as text, and the exit status."""
    if asked.bits and asked.curve:
        raise Unusable("A key has a number of bits or a curve, and not both: leave one of --bits and --curve out.")
    if asked.curve and asked.curve.isdigit():
        raise Unusable("--curve is the name of a curve; a number of bits is given with --bits.")
    try:
        held = fresh(asked.alg, asked.bits or asked.curve, enc=asked.enc, kid=asked.kid)
    except ValueError as problem:
        raise Unusable(str(problem)) from None
    is_secret = held.key.key_type == "oct"
    form = asked.format or ("jwk" if is_secret else "pem")
    if is_secret and form == "pem":
        raise Unusable(f"{asked.alg} uses a secret, and PEM has no form for one. Use --format jwk.")
    if is_secret and asked.public:
        raise Unusable(f"{asked.alg} uses a secret, which has no public half: whoever verifies could sign as well.")
    if asked.public:
        _write(asked.public, _text(held, form, private=False))
    return _text(held, form, private=True), 0


def _text(held: Held, form: str, *, private: bool) -> str:
    found: Halves = halves(held)
    if form == "pem":
        return found.private_pem if private else found.public_pem
    if form == "jwks":
        return jwks([jwk(held, private=private)]) + "\n"
    return (found.private_jwk if private else found.public_jwk) + "\n"


def _write(name: str, text: str) -> None:
    """Into a new file: one that is there may be a key that is still needed."""
    try:
        with open(name, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Unusable(f"The file {name} is there already, and is left as it is.") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unusable(f"The file {name} cannot be written: {why}.") from None
