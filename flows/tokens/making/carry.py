"""What a token says, carried over into a new one that is to be made: its claims, its header, its algorithms. No key."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from flows.tokens import json_text
from flows.tokens.finding.find import find
from flows.tokens.judging.disclosures import disclose
from flows.tokens.making.fresh_key import CONTENT, ENCRYPTING, SIGNING
from flows.tokens.making.make import Wanted
from flows.tokens.read import Encrypted, Header, Other, Signed

_OWN_FIELD = {"alg", "enc", "typ", "kid"}  # members that have a field of their own
_LEFT_OUT = {"epk", "iv", "tag", "p2s", "crit", "b64", "zip"}  # made anew, or not offered


def carry(text: str, content: str | None = None) -> tuple[Wanted, tuple[str, ...]]:
    """What is wanted to make the first token in a text again, and what could not be taken along, in sentences.

    `content` is what was in an encrypted one, where it was opened.
    """
    finds = find(text)
    token = next((each.token for each in finds.tokens if not isinstance(each.token, Other)), None)
    if isinstance(token, Signed):
        return _signed(token)
    if isinstance(token, Encrypted):
        return _encrypted(token, content)
    return Wanted(), ("No token was found whose claims could be taken over.",)


def _signed(token: Signed) -> tuple[Wanted, tuple[str, ...]]:
    told = ["The claims and the header are taken over. The key is not: the new token is signed with another one."]
    header = token.signatures[0].header if token.signatures else Header(None)
    wanted = _with_header(Wanted(), header, told)
    alg = header.text("alg")
    if alg in SIGNING:
        wanted = replace(wanted, alg=alg)
    elif token.is_unsecured:
        wanted = replace(wanted, kind="unsecured")
    else:
        told.append(f"Its algorithm is not offered here, so {wanted.alg} is chosen.")
    read = token.payload.json
    if read is None or not read.is_object:
        is_text = read is None
        return replace(wanted, claims=token.payload.data.decode("utf-8", "replace"), is_text=is_text), tuple(told)
    if read.problems or read.repeated:
        told.append("Its payload was damaged, or held a name twice; of it, what could be read is taken over.")
    claims: dict[str, Any] = {each.name: each.value for each in read.members if each.whole}
    if token.disclosures is not None:
        disclosed = disclose(token)
        claims = {name: value for name, value in disclosed.claims.items() if name != "_sd"}
        hidden = tuple(each.place for each in disclosed.placed if each.place in claims)
        wanted = replace(wanted, kind="sd-jwt", hide=hidden, show=hidden)
        if disclosed.withheld:
            told.append("What it does not disclose is not known, and so not taken over.")
    return replace(wanted, claims=_json(claims)), tuple(told)


def _encrypted(token: Encrypted, content: str | None) -> tuple[Wanted, tuple[str, ...]]:
    told = ["What it holds and its header are taken over. The key is not: the new token is encrypted for another one."]
    if content is None:
        told = ["It is encrypted: what it holds is not known here, so only its header is taken over."]
    header = token.recipients[0].header if token.recipients else Header(None)
    wanted = _with_header(Wanted("encrypted"), header, told)
    if header.text("alg") in ENCRYPTING:
        wanted = replace(wanted, encrypt=header.text("alg"))
    if header.text("enc") in CONTENT:
        wanted = replace(wanted, enc=header.text("enc"))
    if content is not None:
        read = json_text.read(content.encode("utf-8", "replace"))
        claims = {each.name: each.value for each in read.members if each.whole}
        is_text = not read.is_object
        wanted = replace(wanted, claims=content if is_text else _json(claims), is_text=is_text)
    return wanted, tuple(told)


def _with_header(wanted: Wanted, header: Header, told: list[str]) -> Wanted:
    left = [name for name in _LEFT_OUT if name in header.object]
    if left:
        told.append(f"Of its header {', '.join(f'`{name}`' for name in sorted(left))} is left out.")
    more = {name: value for name, value in header.object.items() if name not in _OWN_FIELD | _LEFT_OUT}
    return replace(
        wanted, typ=header.text("typ"), kid=header.text("kid"), header=_json(more) if more else "", claims="{}"
    )


def _json(members: dict[str, Any]) -> str:
    try:
        return json.dumps(members, indent=2, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return "{}"
