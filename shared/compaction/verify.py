"""Verification of a summary without a model: what is wrong with it, in words that a retry can use.

Which identifiers it names is not asked: the ledger stands beside every summary, and it holds them.
"""

from collections.abc import Iterable, Sequence

from shared.compaction.outline import OUTLINE
from shared.compaction.refusals import asks, declines, goes_on, opens_as_refusal, refuses
from shared.compaction.scripts import is_foreign
from shared.compaction.sections import heading_of, split_sections
from shared.compaction.summary import FENCE, TRUST

SAYS_NOTHING = "it said nothing under any heading."

# What ended the answer where it was not the model's own end, in words for the retry.
_ENDINGS = {"refusal": "it was a refusal.", "tool_call": "it called a tool."}
_SHORTEST_CHARACTERS = 40
# One that says less than this part of what the last one said, in less than this part of the room it had, forgot it.
# Who says the same in fewer words, or in little room, or drops what is done, says more than that.
_FORGETFUL = 8


def find_fault(
    summary: str,
    *,
    finished: str,
    tokens: int,
    max_tokens: int,
    sections: Sequence[str] = OUTLINE.sections,
    anchor: str | None = None,
) -> str | None:
    """Return why `summary` cannot be trusted, or None when nothing is wrong with it.

    `finished` is the model's finish reason, `refusal` or `tool_call`; `tokens` the summary's size, which may
    be half as much again as was asked for. `anchor` is the summary so far, which it takes the place of.
    """
    text = summary.strip()
    if finished != "stop":
        return _ENDINGS.get(finished, f"it was cut off ({finished}).")
    return (
        _fault_of_kind(text)
        or _fault_of_size(text, tokens, max_tokens)
        or _fault_of_form(text, sections)
        or _fault_of_what_it_says(text, tokens, max_tokens, sections, anchor)
    )


def fault_of_tongue(summary: str, read: Iterable[str]) -> str | None:
    """Return what is wrong where the summary is in a script that is none of the texts the model was given to `read`."""
    return "it was in another language than the conversation." if is_foreign(summary, read) else None


def longest_tokens(max_tokens: int) -> int:
    """Return how long a summary may be that was asked to have at most `max_tokens` tokens."""
    return max_tokens * 3 // 2


def _fault_of_kind(text: str) -> str | None:
    if opens_as_refusal(text):
        return "it was a refusal."
    if FENCE in text or f"</{FENCE[1:]}" in text:
        return "it repeated the conversation instead of summarising it."
    if TRUST in text:
        return "it repeated its instructions instead of following them."
    return None


def _fault_of_size(text: str, tokens: int, max_tokens: int) -> str | None:
    if len(text) < _SHORTEST_CHARACTERS:
        return "it was empty or far too short."
    if tokens > longest_tokens(max_tokens):
        return f"it was too long: {tokens} tokens instead of at most {max_tokens}."
    return None


def _fault_of_form(text: str, sections: Sequence[str]) -> str | None:
    missing = _missing_sections(text, sections)
    if not missing:
        return None
    if len(missing) == len(sections):
        if text.startswith(("{", "[")):
            return "it was JSON of another form than was asked for."
        if declines(text):
            return "it was a refusal."
        if asks(text):
            return "it asked a question instead of summarising."
        if goes_on(text):
            return "it went on with the conversation instead of summarising it."
    return "these headings were missing: " + ", ".join(missing) + "."


def _missing_sections(text: str, sections: Sequence[str]) -> list[str]:
    found = {heading_of(line, sections) for line in text.splitlines()}
    return [section for section in sections if section not in found]


def _fault_of_what_it_says(
    text: str, tokens: int, max_tokens: int, sections: Sequence[str], anchor: str | None
) -> str | None:
    lines = _lines_said(text, sections)
    if not lines:
        return SAYS_NOTHING
    if all(refuses(line) for line in lines):
        return "it was a refusal."
    said = sum(map(len, lines))
    before = sum(map(len, _lines_said(anchor or "", sections)))
    if said * _FORGETFUL < before and tokens * _FORGETFUL < max_tokens:
        return "it left out nearly all of the summary so far."
    return None


def _lines_said(text: str, sections: Sequence[str]) -> list[str]:
    """Return what stands under the headings: a friendly word before the first is no part of a summary."""
    lines = text.splitlines()
    first = next((place for place, line in enumerate(lines) if heading_of(line, sections)), len(lines))
    said = split_sections("\n".join(lines[first:]), sections)
    return [line for under in said.values() for line in under]
