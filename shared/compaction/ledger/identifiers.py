"""Identifiers: names of things that must stay exact: ids, paths, addresses, hashes, versions, amounts, dates."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from shared.compaction.ledger.calls import command_of
from shared.compaction.ledger.entries import Entry, Section, Trust
from shared.compaction.ledger.files import files_of_call
from shared.compaction.ledger.pasted import TEXTS, Origin, lines_by_origin
from shared.compaction.ledger.reading import Called, Returned, Said, Trace
from shared.compaction.ledger.runs import is_glance
from shared.compaction.ledger.tokens import IDENTIFIERS, STRONG, Kind, bare, kind_of, pieces

_SAID_BY_AUTHORITY, _PASTED, _QUOTED, _SAID_BY_MODEL, _READ, _PRINTED = 66, 38, 30, 19, 16, 8
_MOST_REPEATS = 6
_MOST_PRINTED = 200
_LONGEST_CALL, _DEEPEST = 4_000, 8
# A type, a count, the reference of an element in a page: of that there are many.
_COUNT = re.compile(r"(?:u?int|[a-z]?)[\d,]{1,6}[a-z]?")
_OF_CODE = frozenset("()'\"")
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")


def entries_of_identifiers(traces: Iterable[Trace]) -> Iterator[Entry]:
    """Yield an entry per identifier: what people wrote first, then the model, then the tools, the frequent ones."""
    traces = list(traces)
    yield from _of_authorities(traces)
    yield from _of_model(traces)
    yield from _of_tools(traces)


def identifiers_in(text: str, kinds: frozenset[Kind] | set[Kind] = IDENTIFIERS) -> Iterator[str]:
    """Yield the distinct identifiers in `text`, bare, in order."""
    for token in dict.fromkeys(pieces(text)):
        name = bare(token)
        kind = kind_of(name)
        is_tag = kind is Kind.SYMBOL and token.startswith("<") and token.endswith(">")
        if kind in kinds and _is_exact(name) and not is_tag:
            yield name


def _is_exact(name: str) -> bool:
    """Whether it says something by itself: a month or a time of day does not."""
    if kind_of(name) is Kind.DATE and (name.isalpha() or _TIME_OF_DAY.fullmatch(name)):
        return False
    return len(name) > 2


def _names_in_output(text: str) -> Iterator[str]:
    """Yield the identifiers in what a model or a tool wrote, where much looks like one that is code or a number."""
    if text[:1] in {"{", "["}:
        text = text.replace("\\n", " ")
    for name in identifiers_in(text.replace("→", " "), STRONG):
        kind = kind_of(name)
        is_code = kind is not Kind.URL and not _OF_CODE.isdisjoint(name)
        is_count = kind is Kind.ID and ("," in name or _COUNT.fullmatch(name))
        if not is_code and not is_count:
            yield name


def _of_authorities(traces: list[Trace]) -> Iterator[Entry]:
    for trace in traces:
        if not isinstance(trace, Said) or trace.trust is Trust.ASSISTANT:
            continue
        for line, origin in lines_by_origin(trace.text):
            is_own = origin is Origin.OWN or (origin in TEXTS and trace.trust is Trust.SYSTEM)
            score = _SAID_BY_AUTHORITY if is_own else _PASTED if origin in TEXTS else _QUOTED
            for name in identifiers_in(line, IDENTIFIERS if is_own else STRONG):
                # A date says little without what happens then.
                rank = min(score, _QUOTED) if kind_of(name) is Kind.DATE else score
                yield _entry(name, trace.trust, trace.source, rank)


def _of_model(traces: list[Trace]) -> Iterator[Entry]:
    for trace in traces:
        score = _SAID_BY_MODEL
        if isinstance(trace, Said) and trace.trust is Trust.ASSISTANT:
            text = trace.text
        elif isinstance(trace, Called):
            text = "\n".join(_texts(trace.arguments))
            score = _READ if _only_reads(trace) else score
        else:
            continue
        for name in _names_in_output(text):
            yield _entry(name, Trust.ASSISTANT, trace.source, score)


def _only_reads(call: Called) -> bool:
    """Whether the call reads a file: those that matter are edited, or named again."""
    if command := command_of(call):
        return is_glance(command)
    return any(done == "read" for _, done in files_of_call(call, ""))


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the short texts and numbers in the arguments of a call, however they are nested."""
    if isinstance(value, Mapping) and depth < _DEEPEST:
        for each in value.values():
            yield from _texts(each, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for each in value:
            yield from _texts(each, depth + 1)
    elif len(text := str(value)) < _LONGEST_CALL:
        yield text


def _of_tools(traces: list[Trace]) -> Iterator[Entry]:
    counts: Counter[str] = Counter()
    sources: dict[str, str] = {}
    for trace in traces:
        if isinstance(trace, Returned):
            for name in _names_in_output(trace.text):
                counts[name] += 1
                sources.setdefault(name, trace.source)
    for name, count in counts.most_common(_MOST_PRINTED):
        yield _entry(name, Trust.TOOL, sources[name], _PRINTED + 2 * min(count, _MOST_REPEATS))


def _entry(name: str, trust: Trust, source: str, score: int) -> Entry:
    return Entry(Section.IDENTIFIER, name, trust, source, f"i:{name}", score)
