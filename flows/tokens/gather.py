"""The characters of one compact token, from where it begins: over line breaks, spaces and what else does not belong.

Where a token ends is told by the token itself: a header and a payload are JSON, which says when it is whole, and the
length of a signature follows from `alg`. So words that come after are not taken for a part of it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field

from flows.tokens import base64url

_RUN = re.compile(r"[A-Za-z0-9_\-.~+/=]+")
# What may stand within a token and does not belong to it. ` + ` between two quotes joins strings in a program.
_GAP = re.compile(
    r"(?:\r\n?|\n|\\[nrt]|\\|[ \t\xa0\u2028\u2029]|[\u00ad\u200b-\u200f\u2060\ufeff]|[\"'`>|\u2026*#$%^!@]"
    r"|(?<=[\s\"'])\+(?=[\s\"'])){1,300}"
)
_TO_LINE_END = re.compile(r"[ \t\\\"'`,;>)\]}]{0,20}(?:[\r\n]|$)")
_LINE_BREAK = re.compile(r"\r\n?|\n|\\[nr]")
_BEGINS = re.compile(r"(?:eyJ|eyA|ewo|ew0|ewk)")
_LIKE_BASE64 = re.compile(r"(?=.{0,40}[0-9])(?=.{0,40}[A-Za-z])|.{0,40}?[a-z][A-Z]|.{40}", re.DOTALL)
_PLAIN = re.compile(r"([A-Za-z0-9_\-]{1,4000})\.([^.\r\n]{1,10000})\.[A-Za-z0-9_\-]*")
_MOST_GAPS = 5000
_READINGS = 8  # how often JSON is read through to see whether it is whole
_NAMES = {
    " ": "space",
    "\t": "tab",
    "\xa0": "no-break space",
    "\u00ad": "soft hyphen",
    "\ufeff": "byte order mark",
    "\u200b": "zero-width space",
    "\u2026": "ellipsis",
}

_RSA = frozenset({171, 342, 512, 683, 1366})  # of keys of 1024, 2048, 3072, 4096, 8192 bits
_SIGNATURES: dict[str, frozenset[int]] = {  # `alg` → how many characters its signature can have (RFC 7518 §3)
    "none": frozenset({0}),
    "HS256": frozenset({43}),
    "HS384": frozenset({64}),
    "HS512": frozenset({86}),
    "ES256": frozenset({86}),
    "ES256K": frozenset({86}),
    "ES384": frozenset({128}),
    "ES512": frozenset({176}),
    "EdDSA": frozenset({86, 152}),
    "Ed25519": frozenset({86}),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), _RSA),
}
_TAGS = {"A192CBC-HS384": 32, "A256CBC-HS512": 43}  # else 22 characters (RFC 7518 §5)


@dataclass(frozen=True)
class Gathered:
    """A token's own characters, where they end in the text, and what stood between them: in words, and how often."""

    text: str
    end: int
    struck: tuple[str, ...]
    gaps: int
    is_plain: bool = False  # the payload stands there as it is (RFC 7797 §5.2)


def gather(text: str, start: int) -> Gathered:
    """The token that begins at `start`, where a character of base64url stands. Linear in the text's length."""
    if plain := _plain_payload(text, start):
        return Gathered(plain, start + len(plain), (), 0, is_plain=True)
    token, end = _Token(), start
    gaps: list[str] = []
    run = _RUN.match(text, start)
    while run:
        token.take(run.group())
        end = run.end()
        gap = _GAP.match(text, end) if len(gaps) < _MOST_GAPS else None
        run = gap and _RUN.match(text, gap.end())
        if not gap or not run or not token.goes_on(gap.group(), run.group(), bool(_TO_LINE_END.match(text, run.end()))):
            break
        gaps.append(gap.group())
    return Gathered("".join(token.runs), end, named(gaps), len(gaps))


def named(gaps: list[str]) -> tuple[str, ...]:
    """What was left out, counted and in words: "3 line breaks", "1 soft hyphen", a quote as it is."""
    counts: Counter[str] = Counter()
    for gap in gaps:
        for found in re.findall(r"\r\n?|\\[nrt]|.", gap, re.DOTALL):
            counts["line break" if found[0] in "\r\n\u2028\u2029" else found] += 1
    struck = []
    for what, times in counts.items():
        name = what if len(what) > 2 else _NAMES.get(what, "")
        if not name and not what.isprintable():
            name = "character that cannot be seen"
        struck.append(f"{times} {name}{'s' if times > 1 and name != 'ellipsis' else ''}" if name else what)
    return tuple(struck)


def _plain_payload(text: str, start: int) -> str:
    """A token whose header says that its payload is not encoded; "" for any other."""
    found = _PLAIN.match(text, start)
    if not found or re.fullmatch(r"[A-Za-z0-9_\-]*", found[2]):
        return ""
    return found.group() if _json_at_start(base64url.decode(found[1]).data).get("b64") is False else ""


def lengths_of(header: str) -> frozenset[int]:
    """How many characters a signature can have, by the `alg` of an encoded header; none where that is not known."""
    alg = _json_at_start(base64url.decode(header).data).get("alg")
    return _SIGNATURES.get(alg, frozenset()) if isinstance(alg, str) else frozenset()


@dataclass
class _Token:
    """As much of a token as has been read, and what can be said of its last part."""

    runs: list[str] = field(default_factory=list)
    dots: int = 0
    tildes: bool = False
    length: int = 0  # of the last part
    tail: str = ""  # the end of the last part
    first: str = ""  # how the last part begins
    alg: str = ""
    enc: str = ""
    longest: int = 0
    readings: int = 0

    def take(self, run: str) -> None:
        self.runs.append(run)
        self.longest = max(self.longest, len(run))
        before, dots = self.dots, run.count(".")
        cut = max(run.rfind("."), run.rfind("~")) + 1
        if "~" in run:
            self.tildes, self.dots = True, run[run.rfind("~") :].count(".")
        else:
            self.dots += dots
        if dots and not before and not self.alg + self.enc:
            self._read_header()
        rest = run[cut:]
        self.length = len(rest) + (0 if cut else self.length)
        self.tail = (rest if cut else self.tail + rest)[-12:]
        self.first = rest[:8] if cut or not self.first else self.first

    def goes_on(self, gap: str, run: str, ends_its_line: bool) -> bool:
        """Whether what comes after a gap belongs to this token still."""
        is_line = bool(_LINE_BREAK.search(gap))
        is_hidden = not is_line and not re.search(r"\s", gap)
        if not is_hidden and len(re.findall("[\"'`]", gap)) % 2:
            return False  # a quote that closes the token, or opens something else
        at_joint = self.tail == "" or run[0] in ".~"
        if self.is_whole() or (_BEGINS.match(run) and len(run) > 40 and not at_joint and not is_hidden):
            return False
        likely = is_hidden or (is_line and ends_its_line) or bool(_LIKE_BASE64.match(run))
        if self.tildes:
            return self._disclosures_go_on(run, likely)
        if not self.enc and self.dots < 2 and self._is_json():
            return run[0] == "." if self._json_is_whole() else likely
        if at_joint and self.dots < (4 if self.enc else 2):
            return likely
        return (likely or self._ends_with_this(run)) and self._fits(run, is_line, is_hidden)

    def is_whole(self) -> bool:
        """Whether the last part is the last one, and as long as its algorithm makes it."""
        if self.enc:
            return self.dots == 4 and self.length >= _TAGS.get(self.enc, 22)
        return self.dots == 2 and self.length in _SIGNATURES.get(self.alg, frozenset()) and not self.tildes

    def _ends_with_this(self, run: str) -> bool:
        """Whether the signature is as long as its algorithm makes it, once this is added."""
        return self.dots == 2 and self.length + len(run) in _SIGNATURES.get(self.alg, frozenset())

    def _fits(self, run: str, is_line: bool, is_hidden: bool) -> bool:
        """Whether a binary part may have this too: by its length, or because the lines are all as long."""
        comes = re.split(r"[.~]", run, maxsplit=1)[0]
        if self.enc:
            return self.dots < 4 or (self.dots == 4 and self.length + len(comes) <= _TAGS.get(self.enc, 22))
        lengths = _SIGNATURES.get(self.alg)
        if self.dots < 2:
            return True
        if lengths:
            return self.length + len(comes) <= max(lengths)
        full = len(self.runs[-1]) >= 20 and len(self.runs[-1]) * 5 >= self.longest * 4 >= len(run) * 3
        return is_hidden or (is_line and full)

    def _disclosures_go_on(self, run: str, likely: bool) -> bool:
        if self.dots:  # in the token that binds it to a key, always signed with a signature of its own
            return likely and (self.dots < 2 or self.length < 86)
        if not self.tail:
            return "~" in run or _is_key_binding(run)
        return run[0] == "~" or (likely and not self._ends_with(b"]"))

    def _read_header(self) -> None:
        header = "".join(self.runs).split(".", 1)[0]
        read = _json_at_start(base64url.decode(header).data)
        alg, enc = read.get("alg"), read.get("enc")
        self.alg = alg if isinstance(alg, str) else ""
        self.enc = enc if isinstance(enc, str) else ""

    def _is_json(self) -> bool:
        return bool(_BEGINS.match(self.first)) or (not self.dots and bool(self.first))

    def _json_is_whole(self) -> bool:
        if not self._ends_with(b"}"):
            return False
        self.readings += 1
        if self.readings > _READINGS:
            return True
        part = "".join(self.runs).rsplit(".", 1)[-1]
        return bool(_json_at_start(base64url.decode(part).data))

    def _ends_with(self, byte: bytes) -> bool:
        odd = self.length % 4
        return base64url.decode(self.tail[-(4 + odd) :] if self.length > 4 else self.tail).data.endswith(byte)


def _is_key_binding(run: str) -> bool:
    header = base64url.decode(run[:4000].split(".", 1)[0]).data
    return run.count(".") == 2 and _json_at_start(header).get("typ") == "kb+jwt"


def _json_at_start(data: bytes) -> dict[str, object]:
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
