"""Find the tokens in what was pasted: bare, wrapped, in a header, an address, JSON, a command; or say what it is.

Nothing here raises, and all of it is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from flows.tokens.finding import compact, in_base64, values
from flows.tokens.finding.around import around
from flows.tokens.finding.budget import Budget
from flows.tokens.finding.gather import gather
from flows.tokens.finding.objects import Object, objects
from flows.tokens.finding.undone import Undone, quotes_undone, undone
from flows.tokens.finding.values import Value
from flows.tokens.read import Other, Token, read

_MOST = 50  # tokens that are told
_MOST_TRIES = 1500  # places looked at for tokens of one sort, and as many in all that stood in base64
_LONGEST_VALUE = 10_000
_MOST_IN_BASE64 = 200_000  # characters of what stood in base64 that are looked through
_MOST_DECODED = 200  # and how often
_PASTE_THE_TOKEN = "Paste a token first: then there is a field for its key."
_TOO_MUCH = "There is too much here to look through: only its beginning was."
_KEY_BESIDE = " A key is beside it, and is not used: whether to trust it is for you to say."
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
    undone: tuple[Undone, ...] = ()
    held: list[Object] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    found: list[tuple[int, int, Found]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    taken: list[tuple[int, int]] = field(default_factory=list)
    more: int = 0  # tokens that may follow beyond the most that are told
    stopped: bool = False  # before the end, since there was too much to look at
    budget: Budget = field(default_factory=Budget)
    may_try: int = _MOST_TRIES
    tries: int = 0
    may_try_within: int = _MOST_TRIES
    may_decode: int = _MOST_IN_BASE64  # characters still; 0 within what was decoded, so that one layer is undone
    decoded: int = 0  # times

    def go(self) -> None:
        self.text, self.undone = undone(self.pasted)
        self._objects()
        self._pem()
        self._values(values.by_form(self.text, self.budget))
        self._compact()
        for start, end in in_base64.runs(self.text) if self.may_decode and not self.stopped else ():
            if not self._taken_until(start) and not self._taken_until(end - 1):
                self._in_base64(start, end, self.text[start:end])
        self._values(values.by_name(self.text, self.budget))
        if not self.found and not self.keys and not self.held:
            self._bare()
        self.stopped = self.stopped or self.budget.is_spent

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
        tries = 0
        place = compact.begin_after(self.text, 0)
        while place >= 0:
            end = self._taken_until(place)
            if not end:
                gathered = gather(self.text, place)
                tries += 1 + gathered.gaps // 4
                self.tries += 1 + gathered.gaps // 4
                self.budget.gathered -= gathered.end - place
                if tries > self.may_try or self.budget.is_spent:
                    self.stopped = True
                    return
                if len(self.found) >= _MOST:
                    self.more += compact.how_many_begin(self.text, place)
                    return
                if token := compact.compact_at(self.text, gathered, place):
                    if not token.may_hold_tokens or not self._in_base64(token.start, token.end, token.text.strip(".")):
                        self._add_compact(token)
                    end = token.end
            place = compact.begin_after(self.text, max(end, place + 1))

    def _values(self, found: Iterator[Value | None]) -> None:
        for tries, value in enumerate(found, 1):
            self.tries += 1
            if tries > self.may_try or (not value and self.budget.is_spent):
                self.stopped = True
                return
            if not value or self._taken_until(value.start) or self._taken_until(value.end - 1):
                continue
            if len(self.found) < _MOST or value.other.text in self.seen:
                self._add(value.start, value.end, value.other.text, value.other)
            else:
                self.more += 1

    def _bare(self) -> None:
        """The whole of it is one value, or a piece of a token."""
        text = self.text.strip(" \t\r\n\"'`,;<>()[]{}\u2026.")
        if not text or len(text) > _LONGEST_VALUE or re.search(r"\s", text):
            return
        other = compact.piece_of(text) or values.bare(text)
        if other:
            start = self.text.find(text)
            self._add(start, start + len(text), other.text, other)

    def _in_base64(self, start: int, end: int, encoded: str) -> bool:
        """Whether tokens stood there in base64; they are added."""
        decoded = in_base64.decoded(encoded) if self.may_decode else ""
        if not decoded:
            return False
        if len(self.found) >= _MOST:
            self.more += 1
            return False
        self.decoded += 1
        if len(decoded) > self.may_decode or self.decoded > _MOST_DECODED or self.may_try_within <= 0:
            self.stopped = True
            return False
        self.may_decode -= len(decoded)
        within = _Search(decoded, budget=self.budget, may_try=self.may_try_within, may_decode=0)
        within.go()
        self.may_try_within -= within.tries
        self.stopped = self.stopped or within.stopped
        where, left_out = self._around(start, end)
        held = [each for _, _, each in within.found if _is_told(each)]
        for each in held:
            at = where if each.where == "by itself" else each.where
            struck = tuple(dict.fromkeys((*left_out, *each.struck)))
            self._put(start, end, replace(each, where=f"{at}, in base64", struck=struck))
        return bool(held)

    def _add_compact(self, token: compact.Compact) -> None:
        """Of a token whose beginning is lost, it is not known what around it would be left out."""
        if token.text in self.seen:
            self._take(token.start, token.end)
            return
        where, left_out = self._around(token.start, token.end)
        struck = (*(left_out if token.is_begun else ()), *token.struck)
        self._put(
            token.start,
            token.end,
            Found(
                token.text,
                token.other or read(token.text),
                where,
                tuple(dict.fromkeys(struck)),
                (*self._undone_at(token.start, token.end), *token.problems),
            ),
        )

    def _add(self, start: int, end: int, text: str, other: Other | None = None) -> None:
        if text in self.seen:
            self._take(start, end)
            return
        where, left_out = self._around(start, end)
        found = Found(text, other or read(text), where, left_out, self._undone_at(start, end))
        self._put(start, end, found)

    def _put(self, start: int, end: int, found: Found) -> None:
        self._take(start, end)
        if found.text not in self.seen and len(self.found) < _MOST:
            self.seen.add(found.text)
            self.found.insert(bisect([at for at, _, _ in self.found], start), (start, end, found))

    def _undone_at(self, start: int, end: int) -> tuple[str, ...]:
        text = self.text[start:end]
        return tuple(each.says(text) for each in self.undone) if self.undone and text not in self.pasted else ()

    def _around(self, start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """Where it stood, in words; and what was there and is no part of it."""
        before, after = self.text[:start].strip(), self.text[end : end + 100].strip()
        is_stray = after and len(after) < 10 and len(self.text) - end < 100 and not _WORDS.search(after)
        stray = (after,) if is_stray else ()
        if known := around(self.text, start):
            is_member = known.where.startswith(("in JSON", "in the JSON"))
            closes = is_member or known.lead[-1:] in tuple("\"'[") or "curl" in known.where
            lead = (_short(known.lead),) if known.lead and not is_member else ()
            return known.where, tuple(dict.fromkeys((*lead, *(() if closes else stray))))
        if not _WORDS.search(before[-1000:]) and not _WORDS.search(after):
            return "by itself", tuple(dict.fromkeys((*([before] if before and len(before) < 60 else []), *stray)))
        if "\n" in self.text.strip():
            return f"on line {self.text.count(chr(10), 0, start) + 1:,}", stray
        return "in a longer text", stray

    def _take(self, start: int, end: int) -> None:
        self.taken.insert(bisect(self.taken, (start, end)), (start, end))

    def _taken_until(self, place: int) -> int:
        """Where what already holds this place ends; 0 for a place that is free."""
        at = bisect(self.taken, (place, len(self.text) + 1)) - 1
        return self.taken[at][1] if at >= 0 and self.taken[at][1] > place else 0


def _is_told(found: Found) -> bool:
    """Whether what stood in base64 is a token: any characters that are decoded may look like an opaque one."""
    if not isinstance(found.token, Other):
        return True
    return found.token.kind not in _NO_TOKENS and (found.token.kind != "opaque token" or found.where != "by itself")


def _says(search: _Search, tokens: tuple[Found, ...]) -> str:
    """One sentence, or two where nothing was found."""
    real = [each for each in tokens if not (isinstance(each.token, Other) and each.token.kind == "credentials")]
    beside = _KEY_BESIDE if search.keys else ""
    if search.stopped:
        beside += f" {_TOO_MUCH}"
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
        return f"{'This is a key' if whole else 'There is a key in this'}, and no token. {_PASTE_THE_TOKEN}"
    kinds = {each.kind for each in search.held}
    if "claims" in kinds:
        return "These are claims, and no token: what a payload says, without a header and a signature to check."
    if "header" in kinds:
        return "This is a token's header written out, and no token: the payload and the signature are missing."
    if not search.pasted.strip():
        return "Nothing was pasted yet: a token will do, or anything that holds one."
    return f"Nothing in this looks like a token. {_TOO_MUCH if search.stopped else _HELPS}"


def _short(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= 60 else f"{text[:40]}…"
