"""The history as a summariser reads it: labelled passages of text, in portions of a size that it can take."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from shared.window.calls import safe_cuts
from shared.wire.items import (
    Compaction,
    ConfigurationUpdate,
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    Item,
    Message,
    OtherItem,
    Reasoning,
)
from shared.wire.text import readable_json, readable_text, text_of, without_encoded_bytes

# The line that a passage stands on, besides its text.
_LINE_TOKENS = 1
# What says nothing to a reader: the label tells the type, ids name nothing that can be looked up.
_NOT_READ = frozenset({"type", "id", "status"})

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Passage:
    """What one item says, and who or what says it."""

    label: str
    text: str

    def __str__(self) -> str:
        """Return the passage as it is shown."""
        return f"[{self.label}] {self.text}"


def passages(items: Sequence[Item]) -> list[Passage]:
    """Return what the items say.

    What a provider sealed is left out, nobody else can read it, and so are encoded bytes that a tool returned.
    """
    return [_passage(item) for item in items if not _says_nothing(item)]


def in_portions(
    items: Sequence[Item], max_tokens: int, *, count: Callable[[str], int]
) -> list[list[Passage]]:
    """Return what the items say, in portions of at most `max_tokens` tokens; at least one portion.

    A call and its outputs are in one portion where they fit. A passage that is too large by itself is cut
    into parts, which say that they are: nothing is left out.
    """
    groups = packed(_inseparable(items, max_tokens, count), max_tokens)
    return [[passage for passages in group for passage in passages] for group in groups] or [[]]


def packed(sized: Iterable[tuple[_T, int]], max_tokens: int, *, least: int = 1) -> list[list[_T]]:
    """Return things in order in groups of at most `max_tokens` tokens, each as large as it can be.

    A group that is not the last has at least `least` things, whatever their size.
    """
    groups: list[list[_T]] = []
    left = 0
    for thing, size in sized:
        if not groups or (size > left and len(groups[-1]) >= least):
            groups.append([])
            left = max_tokens
        groups[-1].append(thing)
        left -= size
    return groups


def _inseparable(
    items: Sequence[Item], max_tokens: int, count: Callable[[str], int]
) -> Iterator[tuple[list[Passage], int]]:
    """Yield passages that belong together, with their size; those that do not fit together one by one."""
    for group in _groups(items):
        said = passages(group)
        sizes = [_LINE_TOKENS + count(str(passage)) for passage in said]
        if sum(sizes) <= max_tokens:
            yield said, sum(sizes)
            continue
        for passage, size in zip(said, sizes, strict=True):
            if size <= max_tokens:
                yield [passage], size
            else:
                yield from (
                    ([part], _LINE_TOKENS + count(str(part))) for part in _parts(passage, max_tokens, count)
                )


def _groups(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    places = [place for place, safe in enumerate(safe_cuts(items)) if safe]
    return (items[start:end] for start, end in pairwise(places))


def _parts(passage: Passage, max_tokens: int, count: Callable[[str], int]) -> list[Passage]:
    # The label of a part is longer than the passage's own.
    room = max_tokens - _LINE_TOKENS - count(f"[{passage.label}, part 10000 of 10000] ")
    texts = list(_cut(passage.text, max(room, 1), count))
    return [
        replace(passage, label=f"{passage.label}, part {number} of {len(texts)}", text=text)
        for number, text in enumerate(texts, start=1)
    ]


def _cut(text: str, max_tokens: int, count: Callable[[str], int]) -> Iterator[str]:
    if len(text) < 2 or count(text) <= max_tokens:
        yield text
        return
    middle = _break_near_the_middle(text)
    yield from _cut(text[:middle], max_tokens, count)
    yield from _cut(text[middle:], max_tokens, count)


def _break_near_the_middle(text: str) -> int:
    """Return a place after the end of a line, or else of a word, in the middle half of the text if it can be."""
    quarter, half = len(text) // 4, len(text) // 2
    for end in ("\n", " "):
        place = text.find(end, half, len(text) - quarter)
        if place < 0:
            place = text.rfind(end, quarter, half)
        if place > 0:
            return place + 1
    return half


def _says_nothing(item: Item) -> bool:
    if isinstance(item, Reasoning):
        return not text_of(item)
    return isinstance(item, (Compaction, ConfigurationUpdate))


def _passage(item: Item) -> Passage:
    match item:
        case Message():
            return Passage(item.role, readable_text(item))
        case FunctionCall() | CustomToolCall():
            return Passage(f"assistant calls {item.name}", text_of(item))
        case FunctionCallOutput() | CustomToolCallOutput():
            return Passage("tool result", without_encoded_bytes(readable_text(item)))
        case OtherItem():
            fields = {name: value for name, value in item.to_json().items() if name not in _NOT_READ}
            return Passage(item.type, readable_json(fields))
        case _:
            return Passage(item.type, text_of(item))
