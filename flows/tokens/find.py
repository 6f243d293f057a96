"""Find the tokens in what was pasted: bare, wrapped, in a header, an address, JSON, a command; or say what it is.

Nothing here raises, and all of it is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field

from flows.tokens import compact, values
from flows.tokens.around import around
from flows.tokens.gather import gather
from flows.tokens.objects import Object, objects
from flows.tokens.read import Other, Token, read
from flows.tokens.undone import quotes_undone, undone
from flows.tokens.values import Value

_MOST = 50  # tokens that are told
_MOST_TRIES = 1500  # places looked at
_LONGEST_VALUE = 10_000
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}(?:KEY|CERTIFICATE)-----")
_NO_TOKENS = frozenset(
    (
        "authorization code",
        "device code",
        "name of a key",
        "signed cookie",
        "piece of a token",
        "piece of JSON in base64",
    )
)
_WORDS = re.compile(r"[^\W_]")
_HELPS = (
    "A JWT begins with `eyJ` and has dots in it. Paste it with whatever is around it: the header line, the address, "
    "the JSON."
)


@dataclass(frozen=True)
class Found:
    """A token, or what is none: its clean text, where it stood, what was left out (to be shown struck through).

    `problems` are sentences about how it came; what is wrong with the token itself is told by `token`.
    """

    text: str
    token: Token
    where: str
    struck: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finds:
    """All that was found, in the order of the text, each once; what it comes to in a sentence; and keys beside it."""

    pasted: str
    tokens: tuple[Found, ...]
    says: str
    keys_text: str = ""


def find(pasted: str) -> Finds:
    """Never raises."""
    search = _Search(pasted)
    search.go()
    tokens = tuple(found for _, _, found in search.found)
    return Finds(pasted, tokens, _says(search, tokens), "\n".join(search.keys))


@dataclass
class _Search:
    """The text in which is looked, and what was found in it so far, by place."""

    pasted: str
    text: str = ""
    undone: tuple[str, ...] = ()
    held: list[Object] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    found: list[tuple[int, int, Found]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    taken: list[tuple[int, int]] = field(default_factory=list)
    more: int = 0  # tokens that may follow beyond the most that are told
    stopped: bool = False  # before the end, since there was too much to look at
    tries: int = 0

    def go(self) -> None:
        self.text, self.undone = undone(self.pasted)
        self._objects()
        self._pem()
        self._values(values.by_form(self.text))
        self._compact()
        self._values(values.by_name(self.text))
        if not self.found and not self.keys and not self.held:
            self._bare()

    def _objects(self) -> None:
        """Tokens in JSON form, and keys. JSON within a string of JSON is looked at if there is no other."""
        self.held = objects(self.text)
        if not self.held and '\\"' in self.text:
            without = quotes_undone(self.text)
            self.held = objects(without)
            self.text = without if self.held else self.text
        for each in self.held[:_MOST_TRIES]:
            text = self.text[each.start : each.end]
            if each.kind == "token":
                self._add(each.start, each.end, text)
            elif each.kind == "key":
                self._take(each.start, each.end)
                self.keys.append(text)

    def _pem(self) -> None:
        place = 0
        while len(self.keys) < _MOST and (begin := _PEM.search(self.text, place)):
            last = self.text.find("-----END ", begin.end())
            place = self.text.find("-----", last + 9) + 5 if last >= 0 else 0
            place = place if place > 5 else len(self.text)
            self._take(begin.start(), place)
            self.keys.append(self.text[begin.start() : place].replace("\\r", "").replace("\\n", "\n"))

    def _compact(self) -> None:
        place = compact.begin_after(self.text, 0)
        while place >= 0:
            end = self._taken_until(place)
            if not end:
                gathered = gather(self.text, place)
                self.tries += 1 + gathered.gaps // 4
                if self.tries > _MOST_TRIES:
                    self.stopped = True
                    return
                if len(self.found) >= _MOST:
                    self.more += compact.how_many_begin(self.text, place)
                    return
                if token := compact.compact_at(self.text, gathered, place):
                    self._add(token.start, token.end, token.text, token.other, token.struck, token.problems)
                    end = token.end
            place = compact.begin_after(self.text, max(end, place + 1))

    def _values(self, found: Iterator[Value]) -> None:
        for tries, value in enumerate(found):
            if tries > _MOST_TRIES:
                self.stopped = True
                return
            if self._taken_until(value.start) or self._taken_until(value.end - 1):
                continue
            if len(self.found) < _MOST:
                self._add(value.start, value.end, value.other.text, value.other)
            else:
                self.more += value.other.text not in self.seen

    def _bare(self) -> None:
        """The whole of it is one value, or a piece of a token."""
        text = self.text.strip(" \t\r\n\"'`,;<>()[]{}")
        if not text or len(text) > _LONGEST_VALUE or re.search(r"\s", text):
            return
        other = compact.piece_of(text) or values.bare(text)
        if other:
            start = self.text.find(text)
            self._add(start, start + len(text), other.text, other)

    def _add(
        self,
        start: int,
        end: int,
        text: str,
        other: Other | None = None,
        struck: tuple[str, ...] = (),
        problems: tuple[str, ...] = (),
    ) -> None:
        self._take(start, end)
        if text in self.seen or len(self.found) >= _MOST:
            return
        self.seen.add(text)
        if self.undone and self.text[start:end] not in self.pasted:
            problems = (*self.undone, *problems)
        where, left_out = self._around(start, end)
        found = Found(text, other or read(text), where, tuple(dict.fromkeys((*left_out, *struck))), problems)
        self.found.insert(bisect([at for at, _, _ in self.found], start), (start, end, found))

    def _around(self, start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """Where it stood, in words; and what was there and is no part of it."""
        before, after = self.text[:start].strip(), self.text[end : end + 100].strip()
        is_stray = after and len(after) < 10 and len(self.text) - end < 100 and not _WORDS.search(after)
        stray = (after,) if is_stray else ()
        if known := around(self.text, start):
            closes = known.lead[-1:] in tuple("\"'[") or "curl" in known.where
            return known.where, (*([_short(known.lead)] if known.lead else []), *(() if closes else stray))
        if not _WORDS.search(before[-1000:]) and not _WORDS.search(after):
            return "by itself", (*([before] if before and len(before) < 60 else []), *stray)
        if "\n" in self.text.strip():
            return f"on line {self.text.count(chr(10), 0, start) + 1:,}", stray
        return "in a longer text", stray

    def _take(self, start: int, end: int) -> None:
        self.taken.insert(bisect(self.taken, (start, end)), (start, end))

    def _taken_until(self, place: int) -> int:
        """Where what already holds this place ends; 0 for a place that is free."""
        at = bisect(self.taken, (place, len(self.text) + 1)) - 1
        return self.taken[at][1] if at >= 0 and self.taken[at][1] > place else 0


def _says(search: _Search, tokens: tuple[Found, ...]) -> str:
    """One sentence, or two where nothing was found."""
    real = [each for each in tokens if not (isinstance(each.token, Other) and each.token.kind == "credentials")]
    beside = " A key is beside it: paste it below." if search.keys else ""
    if search.stopped:
        beside += " There is too much here to look through: only its beginning was."
    if search.more:
        return f"Found the first {len(tokens)} tokens, and about {search.more:,} more may follow: choose one.{beside}"
    if len(tokens) > 1:
        return f"Found {len(tokens)} {'tokens' if len(real) == len(tokens) else 'things'}: choose one.{beside}"
    if real:
        kind = real[0].token.kind if isinstance(real[0].token, Other) else ""
        return f"Found 1 {kind if kind in _NO_TOKENS else 'token'}, {real[0].where}.{beside}"
    if tokens:
        return "There is no token in this, but credentials: `Basic` carries a user name and a password."
    if search.keys:
        whole = search.keys[0].strip() == search.pasted.strip() or len(search.keys[0]) * 2 > len(search.text)
        return "This is a key: paste it below." if whole else "There is a key in this and no token: paste it below."
    kinds = {each.kind for each in search.held}
    if "claims" in kinds:
        return "These are claims, and no token: what a payload says, without a header and a signature to check."
    if "header" in kinds:
        return "This is a token's header written out, and no token: the payload and the signature are missing."
    if not search.pasted.strip():
        return "Nothing was pasted yet: a token will do, or anything that holds one."
    return f"Nothing in this looks like a token. {_HELPS}"


def _short(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= 60 else f"{text[:40]}…"
