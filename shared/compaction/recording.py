"""Making a record of a size: which part of it the summary may take, and which the ledger."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.compaction.ledger import Ledger
from shared.compaction.ledger.rendering import frame_text
from shared.compaction.pins import render_pins
from shared.compaction.policy import Policy
from shared.compaction.record import frame_tokens, record_tokens, render_record
from shared.compaction.sections import cut_sections, without_empty_sections


@dataclass(frozen=True, slots=True)
class Record:
    """A record and its parts, as far as there was room for them.

    `left_out` is how many tokens of the summary there was no room for.
    """

    text: str
    ledger: Ledger
    summary: str | None
    left_out: int = 0


def make_record(
    ledger: Ledger, summary: str | None, policy: Policy, *, max_tokens: int, count: Callable[[str], int]
) -> Record:
    """Return the record of both, its message included in `max_tokens`; pinned texts are in it whatever their size.

    Where it does not hold all, the sections of the summary that say nothing are left out. What binds in the ledger
    comes first, but leaves the summary half of its share; of the rest of the ledger, half of its share comes before
    the summary. The summary is cut by lines.
    """
    pins = policy.pinned_texts
    whole = render_record(summary=summary, facts=ledger.render(), pins=pins)
    if record_tokens(whole, count) <= max_tokens:
        return Record(whole, ledger, summary)
    room = room_in_record(policy, max_tokens, count)
    prose = without_empty_sections(summary or "", policy.sections)
    told = cut_sections(
        prose,
        policy.sections,
        first=policy.rule_sections,
        max_tokens=room - _guaranteed(ledger, room, policy.summary_share, count),
        count=count,
    )
    left = room - count(told)
    fitted = ledger.fitted(max(left, 0), count)
    text = render_record(summary=told, facts=fitted.render(), pins=pins)
    return Record(text, fitted, told or None, left_out=count(prose) - count(told) if told != prose else 0)


def room_in_record(policy: Policy, max_tokens: int, count: Callable[[str], int]) -> int:
    """Return what a record of `max_tokens` tokens leaves for the summary and the ledger."""
    return max(max_tokens - frame_tokens(count) - count(render_pins(policy.pinned_texts)), 0)


def _guaranteed(ledger: Ledger, room: int, share: float, count: Callable[[str], int]) -> int:
    """Return the tokens of the ledger that come before any summary; `share` is the summary's."""
    binding = Ledger(tuple(entry for entry in ledger.entries if entry.hard))
    rules = count(binding.render()) + count(frame_text(ledger.entries)) if binding.entries else 0
    least = min(max(rules, int(room * (1 - share) / 2)), int(room * (1 - share / 2)))
    return min(count(ledger.render()), least)
