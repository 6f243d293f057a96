"""Where in a text something stands: in a header line, an address, a form, JSON, a cookie; said in a few words.

Looks back from a place over a bounded stretch, and needs no text around it to be whole or correct.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NEAR = 300  # characters looked at before a place
_FAR = 20_000  # and for the begin of an address, which may carry other tokens first

_NAME = r"[A-Za-z_][A-Za-z0-9_.\-]{0,60}"
_HEADER = re.compile(
    r"(?P<lead>(?:-H|--header)[ =]?\s?[\"']?)?(?P<name>(?:Proxy-)?Authorization|DPoP|X-[A-Za-z0-9-]{1,40})[\"']?"
    r"\s{0,3}:\s{0,3}[\"']?(?P<scheme>(?:Bearer|DPoP|Token|JWT|Basic)\s{1,3})?[\"']?$",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(?P<scheme>Bearer|DPoP)[ \t:=]{1,3}[\"']?$", re.IGNORECASE)
_COOKIE = re.compile(r"(?:\b(?:Set-)?Cookie\s{0,3}:|(?:\s-b|--cookie)[ =])[^\n]{0,20000}$", re.IGNORECASE)
_PAIR = re.compile(rf"(?:(?<=[#?&;\s\"'])|^)(?P<name>{_NAME})=$")
_JSON = re.compile(rf"\\{{0,8}}\"(?P<name>{_NAME})\\{{0,8}}\"\s{{0,40}}:\s{{0,40}}\[?\s{{0,40}}(?:\\{{0,8}}\")?$")
_FIELD = re.compile(rf"\bname=[\"'](?P<name>{_NAME})[\"'][^<>]{{0,100}}\bvalue=[\"']?$")
_SET = re.compile(
    rf"(?:^|[\n{{,;])[ \t]{{0,40}}(?:- |export |set |const |let |var |\$)?[\"']?(?P<name>{_NAME})[\"']?"
    r"[ \t]{0,8}(?:=>|:=|[:=])[ \t]{0,8}[\"'`]?$"
)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,20}:/{0,2}[^\s]")
_QUERY_BEGINS = re.compile(r"(?:^|[\s\"'/])[^\s\"'?#=]{0,200}[?#]")


@dataclass(frozen=True)
class Around:
    """`where` in words, the name it stands under ("" for none), and the lead-in that led to it, as written."""

    where: str
    name: str = ""
    lead: str = ""


def around(text: str, start: int, far: int = _FAR) -> Around | None:
    """What the text before `start` says about what stands there; None for nothing that is known.

    An address, a command or a cookie is looked for over `far` characters.
    """
    near = text[max(0, start - _NEAR) : start]
    curl = text.rfind("curl ", max(0, start - far), start) >= 0
    if found := _HEADER.search(near):
        return _in_header(found, curl)
    if found := _JSON.search(near):
        within = "in the JSON of a curl command, as" if curl else "in JSON, as"
        return Around(f"{within} `{found['name']}`", found["name"], found.group())
    if found := _FIELD.search(near):
        return Around(f"in a field of an HTML form, `{found['name']}`", found["name"], found.group())
    if found := _PAIR.search(near):
        return _in_pair(text, start, found["name"], curl, far)
    if found := _BEARER.search(near):
        return Around(f"after the word `{found['scheme']}`", "", found.group().strip())
    if re.search(r"[\[,]\s{0,40}\\{0,8}\"$", near):
        return Around("in JSON, in an array")
    if found := _SET.search(near):
        return Around(f"as the value of `{found['name']}`", found["name"], found.group().strip())
    return None


def _in_header(found: re.Match[str], curl: bool) -> Around:
    name = found["name"]
    lead = f"{name}: {found['scheme'] or ''}".strip()
    if curl:
        return Around(f"in a curl command, in its {name} header", name, lead)
    return Around("in a header line" if name.lower() == "authorization" else f"in a header line, `{name}`", name, lead)


def _in_pair(text: str, start: int, name: str, curl: bool, far: int) -> Around:
    """`name=value`: in a cookie, an address, a form, or on its own."""
    line = text[max(0, start - far) : start].rpartition("\n")[2]
    lead = f"{name}="
    if any(word in line for word in ("ookie", "COOKIE", "-b")) and _COOKIE.search(line):
        return Around(f"in a cookie, `{name}`", name, lead)
    run = line[max(line.rfind(each) for each in " \t\"'<>") + 1 :]
    place = "fragment" if "#" in run else "query" if "?" in run else ""
    if place and (_ADDRESS.match(run) or _QUERY_BEGINS.match(run)):
        within = f"in a curl command, in the {place} of its address" if curl else f"in the {place} of an address"
        return Around(f"{within}, as `{name}`", name, lead)
    if curl:
        return Around(f"in a curl command, in its form, as `{name}`", name, lead)
    if "&" in run or "&" in text[start : start + far].split(maxsplit=1)[0]:
        return Around(f"in a form, as `{name}`", name, lead)
    return Around(f"as the value of `{name}`", name, lead)
