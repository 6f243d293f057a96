"""Judged tokens as JSON, for programs: all that was read of them, nothing shortened, and never a key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flows.tokens import base64url
from flows.tokens.finding.find import Found
from flows.tokens.json_text import Member
from flows.tokens.judging.disclosures import disclose
from flows.tokens.judging.judge import Judgement
from flows.tokens.read import Encrypted, Header, Other, Part, Signed, Token

DEEPEST = 60  # levels of a value that are given on as JSON; what is deeper stands there as its text


def written(tokens: Sequence[tuple[Found, Sequence[Judgement]]]) -> str:
    """One object with a list of tokens, in ASCII."""
    found = [
        {
            "where": each.where,
            "left_out": list(each.struck),
            "notes": list(each.problems),
            "text": each.text,
            **_token(each.token, judgements),
        }
        for each, judgements in tokens
    ]
    return json.dumps({"tokens": found}, indent=2) + "\n"


def _token(token: Token, judgements: Sequence[Judgement]) -> dict[str, Any]:
    if isinstance(token, Other):
        return {"kind": token.kind, "says": token.says, "facts": dict(token.facts), "problems": list(token.problems)}
    told = _signed(token) if isinstance(token, Signed) else _encrypted(token)
    return {**told, "problems": list(token.problems), "judged": [_judgement(each) for each in judgements]}


def _signed(token: Signed) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": "JWS" if token.disclosures is None else "SD-JWT",
        "form": token.form,
        "headers": [_header(each.header) for each in token.signatures],
        "payload": _content(token.payload),
        "signatures": [each.signature.encoded for each in token.signatures],
    }
    if token.disclosures is not None:
        disclosed = disclose(token)
        told["disclosed"] = [
            {
                "place": each.place,
                "digest": each.digest,
                "value": _plain(each.disclosure.value, each.disclosure.encoded),
            }
            for each in disclosed.placed
        ]
        told["withheld"] = disclosed.withheld
    return told


def _encrypted(token: Encrypted) -> dict[str, Any]:
    return {
        "kind": "JWE",
        "form": token.form,
        "headers": [_header(each.header) for each in token.recipients],
        "ciphertext_bytes": len(token.ciphertext.data),
    }


def _judgement(judgement: Judgement) -> dict[str, Any]:
    told: dict[str, Any] = {
        "state": judgement.state,
        "verdict": judgement.headline,
        "says": judgement.says,
        "judged_as": judgement.profile,
        "key": judgement.key.called if judgement.key else None,
        "checks": [
            {"name": row.rule.name, "state": row.finding.state, "says": row.finding.says, "more": row.finding.more,
             "of": row.finding.of, "rfc": row.rfc}
            for row in judgement.rows
        ],
    }  # fmt: skip
    if judgement.opened is not None:
        told["opened"] = _content(Part("content", "", judgement.opened))
    if judgement.inner:
        token, inner = judgement.inner
        told["within"] = _token(token, [inner])
    return told


def _header(header: Header) -> dict[str, Any]:
    return _members(header.members)


def _content(part: Part) -> Any:
    """JSON as JSON; other text as text; other bytes as {"base64url": …}."""
    if part.json and part.json.is_object:
        return _members(part.json.members)
    try:
        return part.data.decode()
    except UnicodeDecodeError:
        return {"base64url": base64url.encode(part.data)}


def _members(members: Sequence[Member]) -> dict[str, Any]:
    """Of names that stand twice, the last; the checks tell that there were two."""
    return {member.name: _plain(member.value, member.text) for member in members}


def _plain(value: Any, text: str) -> Any:
    """The value as it is if JSON can hold it; else its text: NaN, or what is nested too deep."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
        if not level:
            break
    if level:
        return text
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return text
    return value
