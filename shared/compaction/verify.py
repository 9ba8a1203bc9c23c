"""Verification of a summary without a model: what is wrong with it, in words that a retry can use.

Which identifiers it names is not asked: the ledger stands beside every summary, and it holds them.
"""

from collections.abc import Sequence

from shared.compaction.outline import OUTLINE
from shared.compaction.sections import heading_of, split_sections
from shared.compaction.summary import FENCE

SAYS_NOTHING = "it said nothing under any heading."

# What ended the answer where it was not the model's own end, in words for the retry.
_ENDINGS = {"refusal": "it was a refusal.", "tool_call": "it called a tool."}
_REFUSALS = ("i can't", "i cannot", "i'm sorry", "i am sorry", "i am unable", "i'm unable", "as an ai")
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
    if len(text) < _SHORTEST_CHARACTERS:
        return "it was empty or far too short."
    if FENCE in text:
        return "it repeated the conversation instead of summarising it."
    if tokens > longest_tokens(max_tokens):
        return f"it was too long: {tokens} tokens instead of at most {max_tokens}."
    if text.lower().replace("\u2019", "'").startswith(_REFUSALS):
        return "it was a refusal."
    if missing := _missing_sections(text, sections):
        return "these headings were missing: " + ", ".join(missing) + "."
    return _fault_of_what_it_says(text, tokens, max_tokens, sections, anchor)


def longest_tokens(max_tokens: int) -> int:
    """Return how long a summary may be that was asked to have at most `max_tokens` tokens."""
    return max_tokens * 3 // 2


def _missing_sections(text: str, sections: Sequence[str]) -> list[str]:
    found = {heading_of(line, sections) for line in text.splitlines()}
    return [section for section in sections if section not in found]


def _fault_of_what_it_says(
    text: str, tokens: int, max_tokens: int, sections: Sequence[str], anchor: str | None
) -> str | None:
    said = _characters_said(text, sections)
    if not said:
        return SAYS_NOTHING
    before = _characters_said(anchor or "", sections)
    if said * _FORGETFUL < before and tokens * _FORGETFUL < max_tokens:
        return "it left out nearly all of the summary so far."
    return None


def _characters_said(text: str, sections: Sequence[str]) -> int:
    """Return how much stands under the headings: a friendly word before the first is no part of a summary."""
    lines = text.splitlines()
    first = next((place for place, line in enumerate(lines) if heading_of(line, sections)), len(lines))
    said = split_sections("\n".join(lines[first:]), sections)
    return sum(len(line) for under in said.values() for line in under)
