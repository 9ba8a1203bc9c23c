"""Verification of a summary without a model: what is wrong with it, in words that a retry can use."""

from collections.abc import Sequence

from shared.compaction.outline import OUTLINE
from shared.compaction.summary import FENCE

# What ended the answer where it was not the model's own end, in words for the retry.
_ENDINGS = {"refusal": "it was a refusal.", "tool_call": "it called a tool."}
_REFUSALS = ("i can't", "i cannot", "i'm sorry", "i am sorry", "i am unable", "i'm unable", "as an ai")
_SHORTEST_CHARACTERS = 40


def find_fault(
    summary: str,
    *,
    finished: str,
    tokens: int,
    max_tokens: int,
    sections: Sequence[str] = OUTLINE.sections,
) -> str | None:
    """Return why `summary` cannot be trusted, or None when nothing is wrong with it.

    `finished` is the model's finish reason, `refusal` or `tool_call`; `tokens` the summary's size, which may
    be half as much again as was asked for.
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
    return None


def longest_tokens(max_tokens: int) -> int:
    """Return how long a summary may be that was asked to have at most `max_tokens` tokens."""
    return max_tokens * 3 // 2


def _missing_sections(text: str, sections: Sequence[str]) -> list[str]:
    return [section for section in sections if f"## {section}".lower() not in text.lower()]
