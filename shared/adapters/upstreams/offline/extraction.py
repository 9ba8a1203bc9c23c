"""Answering a question with lines of the conversation itself: BM25, no language model."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shared.adapters.upstreams.offline.bm25 import score_documents
from shared.compaction.record import CLOSING, NOTE, OPENING
from shared.wire.items import Item, Message, Reasoning
from shared.wire.text import text_of

MAX_LINES: Final = 6
MAX_LINE_CHARACTERS: Final = 400

# A line is worth quoting from this share of the best line's score on.
_WORTH: Final = 0.3
# Who says it: a user's words, the record of the earlier conversation among them, before a tool's.
_USER, _ASSISTANT, _TOOL = 1.0, 0.85, 0.75
_QUESTION: Final = 0.25
# The newest of otherwise equal lines wins: it is the one that holds now.
_RECENCY: Final = 0.15

_SENTENCE_END: Final = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])")  # noqa: RUF001  # as CJK writes them
_MARKER: Final = re.compile(r"^\s*(?:[-*•>#]+|\d+[.)])\s+")
# A heading answers nothing, and being short it would come before what stands under it.
_HEADING: Final = re.compile(r"^\s*#{1,6}\s")
# What stands around a record says nothing of what was said.
_FRAME: Final = frozenset({OPENING, NOTE, CLOSING})
_WORD: Final = re.compile(r"\w+(?:[-./:@+]\w+)*")
_PIECE: Final = re.compile(r"[^\W\d_]+|\d+")
_SUFFIX: Final = re.compile(r"(?<=\w{3})(?:ings?|ments?|e?d|e?s|e|ly|ion|ions)$")
# Scripts that write no spaces: pairs of characters stand for words.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")

_ENGLISH: Final = """
    a about above after again all also am an and any are as at be because been before being both but by
    can could did do does doing done down during each else few for from further get give got had has have
    having he her here hers him his how i if in into is it its just know let like may me might mine more most my no nor
    not now of off on once only or other our out over own please remind same say said she should so some such
    tell than that the their them then there these they this those through to too under until up use used
    using very was we were what whats when where which while who whom whose why will with would you
    your
"""
_STOP_WORDS: Final = frozenset(_ENGLISH.split())


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    weight: float


def best_lines(items: Sequence[Item], instructions: str | None = None) -> list[str]:
    """Return the few lines that share the most telling words with the newest user message, best first.

    Empty when there is no such message or nothing shares a word with it. The question is never among them.
    """
    asked, statements = _split_question(items)
    terms = sorted({term for sentence in asked for term in _terms(sentence)})
    lines = [*_candidates(items, instructions), *(_Line(text, _USER) for text in statements)]
    known = {_normalised(sentence) for sentence in asked}
    lines = [line for line in lines if _normalised(line.text) not in known]
    return _distinct(_ranked(lines, terms))


def _split_question(items: Sequence[Item]) -> tuple[list[str], list[str]]:
    """Return the newest user message as what it asks and what it states."""
    newest = _newest_user_message(items)
    sentences = list(_sentences(text_of(newest))) if newest else []
    asked = [sentence for sentence in sentences if _is_question(sentence)]
    if not asked:
        # An order such as "Name the port." stands at the end of what it is about.
        asked = sentences[-1:] if len(sentences) > 3 else sentences
    return asked, [sentence for sentence in sentences if sentence not in asked]


def _newest_user_message(items: Sequence[Item]) -> Message | None:
    messages = (item for item in reversed(items) if isinstance(item, Message) and item.role == "user")
    return next(messages, None)


def _candidates(items: Sequence[Item], instructions: str | None) -> Iterator[_Line]:
    newest = _newest_user_message(items)
    for text in _sentences(instructions or ""):
        yield _Line(text, _USER)
    for item in items:
        if item is not newest and not isinstance(item, Reasoning):
            yield from (_Line(text, _weight(item)) for text in _sentences(text_of(item)))


def _weight(item: Item) -> float:
    match item:
        case Message(role="assistant"):
            return _ASSISTANT
        case Message():
            return _USER
        case _:
            return _TOOL


def _sentences(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if _HEADING.match(line) or line in _FRAME:
            continue
        for sentence in _SENTENCE_END.split(_MARKER.sub("", line)):
            yield from _cut(sentence.strip())


def _cut(sentence: str) -> Iterator[str]:
    """Yield the sentence in lengths that can be quoted, at spaces where it has any."""
    while len(sentence) > MAX_LINE_CHARACTERS:
        end = sentence.rfind(" ", 0, MAX_LINE_CHARACTERS)
        end = end if end > 0 else MAX_LINE_CHARACTERS
        yield sentence[:end]
        sentence = sentence[end:].lstrip()
    if sentence:
        yield sentence


def _is_question(sentence: str) -> bool:
    return sentence.endswith(("?", "？"))  # noqa: RUF001  # as CJK writes it


def _ranked(lines: Sequence[_Line], terms: list[str]) -> list[str]:
    """Return the texts of the lines worth quoting, best first."""
    if not lines or not terms:
        return []
    scores = score_documents([_terms(line.text) for line in lines], terms)
    weighed = [
        (score * _standing(line, position / len(lines)), line.text)
        for position, (score, line) in enumerate(zip(scores, lines, strict=True))
        if score > 0
    ]
    weighed.sort(key=lambda entry: entry[0], reverse=True)
    return [text for score, text in weighed if score >= _WORTH * weighed[0][0]]


def _standing(line: _Line, age: float) -> float:
    weight = line.weight * (1 + _RECENCY * age)
    return weight * _QUESTION if _is_question(line.text) else weight


def _distinct(texts: Iterable[str]) -> list[str]:
    """Return the first few texts that are not said by an earlier one."""
    chosen: list[str] = []
    said: list[frozenset[str]] = []
    for text in texts:
        terms = frozenset(_terms(text))
        if not any(len(terms & earlier) >= 0.8 * len(terms) for earlier in said):
            chosen.append(text)
            said.append(terms)
        if len(chosen) == MAX_LINES:
            break
    return chosen


def _normalised(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _terms(text: str) -> list[str]:
    """Return what the text is found by: identifiers whole and in pieces, words without their endings."""
    return [term for word in _WORD.findall(text) for term in _terms_of(word)]


@lru_cache(maxsize=16_384)
def _terms_of(word: str) -> tuple[str, ...]:
    if _UNSPACED.search(word):
        return tuple(word[start : start + 2] for start in range(max(1, len(word) - 1)))
    whole = word.lower()
    pieces = [piece.lower() for piece in _PIECE.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word))]
    stems = [_SUFFIX.sub("", piece) for piece in pieces if piece not in _STOP_WORDS]
    return (whole, *stems) if len(pieces) > 1 else tuple(stems)
