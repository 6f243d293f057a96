"""The characters of one compact token, from where it begins: over line breaks, spaces and what else does not belong.

Where a token ends is told by the token itself: a header and a payload are JSON, which says when it is whole, and the
length of a signature follows from `alg`. So words that come after are not taken for a part of it. Three dots in a row
are an ellipsis and no joints: of those there are two at most, around a detached payload or an empty key.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field

from flows.tokens import base64url

_RUN = re.compile(r"(?:[A-Za-z0-9_\-~+/=]++|\.{1,2}(?!\.))++")
# What may stand within a token and does not belong to it. ` + ` between two quotes joins strings in a program.
_GAP = re.compile(
    r"(?:\r\n?|\n|\\[nrt]|\\|[ \t\xa0\u2028\u2029]|[\u00ad\u200b-\u200f\u2060\ufeff]|[\"'`>|\u2026*#$%^!@]|\.{3,}+"
    r"|(?<=[\s\"'])\+(?=[\s\"'])){1,300}"
)
# What a log or a person puts in place of the rest of a token, and in place of its signature.
_REST = re.compile(
    r"(?:\.{3,}|\u2026)++"
    r"(?: ?[(\[<][^()\[\]<>\r\n]{0,20}(?:trunc|cut|more|char|byte|omit|snip)[^()\[\]<>\r\n]{0,20}[)\]>])?",
    re.IGNORECASE,
)
_IN_BRACKETS = r"[^\[\]<>{}()\r\n]{0,30}"
_HIDES = r"(?:redact|mask|hid|remov|omit|sign|snip|trunc|strip|secret|censor|filter|delet|scrub)"
_STARS = r"[*\u2022\u00b7\u25cf\u2588]"
_MASK = re.compile(
    rf"(?:{_STARS}{{2,}}+"
    rf"|\$?[\[<{{(]{{1,3}}(?:[ *.\u2026x\-]{{1,40}}|{_IN_BRACKETS}{_HIDES}{_IN_BRACKETS})[\]>}})]{{1,3}}+)"
    r"(?![A-Za-z0-9_\-])",
    re.IGNORECASE,
)
MASK_OF_LETTERS = re.compile(
    r"x{3,}|[_\-]{3,}|(?:[a-z]{0,10}[_\-])?(?:redacted|masked|hidden|removed|omitted|signature|sig|snip|truncated|stripped"
    r"|secret|censored|filtered|deleted|scrubbed)(?:[_\-][a-z]{0,10})?",
    re.IGNORECASE,
)
_MASK_OF_AN_END = re.compile(rf"{_STARS}{{3,}}+(?![A-Za-z0-9_\-])")
_LINE_BEGIN = re.compile(r"(?:^|[\r\n])([^\r\n]{8,300})\Z")
_NEXT_LINE = re.compile(r"(?:\r\n?|\n)")
_SEPARATOR = re.compile(r"[ \t|>\]:,;][^ \t|>\]:,;]*\Z")
_DIGITS = str.maketrans("123456789", "000000000")
_TO_LINE_END = re.compile(r"[ \t\\\"'`,;>)\]}]{0,20}(?:[\r\n]|$)")
_LINE_BREAK = re.compile(r"\r\n?|\n|\\[nr]")
_BEGINS = re.compile(r"(?:eyJ|eyA|ewo|ew0|ewk)")
_LIKE_BASE64 = re.compile(r"(?=.{0,40}[0-9])(?=.{0,40}[A-Za-z])|.{0,40}?[a-z][A-Z]|.{40}", re.DOTALL)
_PLAIN = re.compile(r"([A-Za-z0-9_\-]{1,4000})\.([^.\r\n]{1,10000})\.[A-Za-z0-9_\-]*")
_MOST_GAPS = 5000
_LONG_LINE = 20  # characters that a word is not likely to have
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
    rest: str = ""  # an ellipsis after it, with what it says of itself
    mask: str = ""  # what stands after it in place of its signature, or of its end
    is_shortened: bool = False  # within, by an ellipsis
    is_masked: bool = False  # within its signature
    is_whole: bool = False  # as far as its algorithm tells
    is_plain: bool = False  # the payload stands there as it is (RFC 7797 §5.2)


def gather(text: str, start: int) -> Gathered:
    """The token that begins at `start`, where a character of base64url stands. Linear in the text's length."""
    if plain := _plain_payload(text, start):
        return Gathered(plain, start + len(plain), (), 0, is_plain=True)
    token, end = _Token(), start
    gaps: list[str] = []
    lines = _Lines(text, start)
    is_masked = False
    run = _RUN.match(text, start)
    while run:
        token.take(run.group())
        end = run.end()
        if text.startswith("....", end) and token.waits_for_dot():
            token.take(".")
            end += 1
        mask = token.mask_after(text, end)
        if mask or len(gaps) >= _MOST_GAPS:
            return _gathered(token, text, end, gaps, lines, mask, is_masked)
        begin = lines.begin_of_next(end)
        gap = None if begin else _GAP.match(text, end)
        run = _RUN.match(text, begin or (gap.end() if gap else len(text)))
        if not run:
            break
        between = "\n" if begin else gap.group() if gap else ""
        ends_its_line = bool(_TO_LINE_END.match(text, run.end()))
        if begin and not (ends_its_line and (lines.joined or len(run.group()) >= _LONG_LINE)):
            break
        if not token.goes_on(between, run.group(), ends_its_line and not begin):
            break
        lines.joined = lines.joined or bool(begin)
        is_masked = is_masked or (token.dots == 2 and "**" in between)
        gaps.append(between)
    return _gathered(token, text, end, gaps, lines, "", is_masked)


def _gathered(
    token: _Token, text: str, end: int, gaps: list[str], lines: _Lines, mask: str, is_masked: bool
) -> Gathered:
    rest = _REST.match(text, end + len(mask))
    return Gathered(
        "".join(token.runs),
        end,
        (*([lines.prefix.strip()] if lines.joined else []), *named(gaps)),
        len(gaps),
        rest.group() if rest else "",
        mask,
        is_shortened=any("\u2026" in gap or "..." in gap for gap in gaps),
        is_masked=is_masked or bool(mask),
        is_whole=token.is_whole(),
    )


@dataclass
class _Lines:
    """Lines of a log, each of which begins likewise: with a time that may differ, and who wrote it."""

    text: str
    start: int
    prefix: str = ""  # of the lines after the first
    masked: str | None = None  # how the line of the token begins, with its digits alike; "" if no other begins so
    joined: bool = False

    def begin_of_next(self, end: int) -> int:
        """Where the next line goes on after what it begins with; 0 if it does not begin as the one of the token."""
        line = _NEXT_LINE.match(self.text, end)
        if not line or self.masked == "":
            return 0
        at = line.end()
        if self.masked is None:
            self.masked = self._alike(at)
        next_ = self.text[at : at + len(self.masked)]
        if not self.masked or next_.translate(_DIGITS) != self.masked:
            return 0
        self.prefix = self.prefix or next_
        return at + len(self.masked)

    def _alike(self, at: int) -> str:
        """How both lines begin, up to a separator; "" if they do not."""
        first = _LINE_BEGIN.search(self.text, max(0, self.start - 301), self.start)
        if not first:
            return ""
        own, other = (each.translate(_DIGITS) for each in (first[1], self.text[at : at + len(first[1])]))
        alike = next((at for at, (one, two) in enumerate(zip(own, other, strict=False)) if one != two), len(other))
        both = own[:alike]
        cut = _SEPARATOR.search(both)
        both = both[: cut.start() + 1] if cut else ""
        return both if len(both) >= 8 and re.search(r"[0A-Za-z]", both) else ""


def named(gaps: list[str]) -> tuple[str, ...]:
    """What was left out, counted and in words: "3 line breaks", "1 soft hyphen", a quote as it is."""
    counts: Counter[str] = Counter()
    for gap in gaps:
        for found in re.findall(r"\r\n?|\\[nrt]|\.{3,}|.", gap, re.DOTALL):
            name = "line break" if found[0] in "\r\n\u2028\u2029" else "\u2026" if found[0] == "." else found
            counts[name] += 1
    struck = []
    for what, times in counts.items():
        name = what if len(what) > 2 else _NAMES.get(what, "")
        if not name and not what.isprintable():
            name = "character that cannot be seen"
        many = "ellipses" if name == "ellipsis" else f"{name}s"
        struck.append(f"{times} {many if times > 1 else name}" if name else what)
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
        if self.dots == 2 and not is_hidden and MASK_OF_LETTERS.fullmatch(self.runs[-1].rsplit(".", 1)[-1]):
            return False
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

    def waits_for_dot(self) -> bool:
        """Whether JSON is whole, so that a dot is the joint after it."""
        return not self.enc and not self.tildes and self.dots < 2 and self._is_json() and self._json_is_whole()

    def mask_after(self, text: str, end: int) -> str:
        """What stands there in place of a signature, or of its end; "" for nothing of the kind."""
        if self.enc or self.tildes or self.dots != 2 or self.is_whole():
            return ""
        found = (_MASK_OF_AN_END if self.tail else _MASK).match(text, end)
        return found.group() if found else ""

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
