"""Verification of a summary without a model: what is wrong with it, in words that a retry can use."""

from shared.compaction.summary import SECTIONS

_REFUSALS = ("i can't", "i cannot", "i'm sorry", "i am sorry", "i am unable", "i'm unable", "as an ai")
_SHORTEST_CHARACTERS = 40


def find_fault(summary: str, *, finished: str, tokens: int, max_tokens: int) -> str | None:
    """Return why `summary` cannot be trusted, or None when nothing is wrong with it.

    `finished` is the model's finish reason; `tokens` the summary's size. A summary may be half as long
    again as it was asked to be.
    """
    text = summary.strip()
    if len(text) < _SHORTEST_CHARACTERS:
        return "it was empty or far too short."
    if finished != "stop":
        return f"it was cut off ({finished})."
    if tokens > max_tokens * 1.5:
        return f"it was too long: {tokens} tokens instead of at most {max_tokens}."
    if text.lower().replace("\u2019", "'").startswith(_REFUSALS):
        return "it was a refusal."
    if _missing_sections(text):
        return "these headings were missing: " + ", ".join(_missing_sections(text)) + "."
    return None


def missing_identifiers(summary: str, must_keep: tuple[str, ...]) -> list[str]:
    """Return the identifiers that the summary should name and does not."""
    return [identifier for identifier in must_keep if identifier not in summary]


def _missing_sections(text: str) -> list[str]:
    return [section for section in SECTIONS if f"## {section}".lower() not in text.lower()]
