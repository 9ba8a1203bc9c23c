"""Plans of compactions under several policies, and what stays in them."""

from hypothesis import strategies as st

from shared.compaction.plan import Plan, plan_compaction
from shared.compaction.policy import Policy
from shared.window.payload import SizedItem
from shared.wire.items import parse_item, said_by
from shared.wire.text import text_of
from tests.fakes import WordCounter

COUNT = WordCounter().count
POLICIES = st.builds(
    Policy,
    target_tokens=st.integers(1, 5000),
    user_tokens=st.integers(0, 1500),
    recent_tokens=st.integers(0, 1000),
)


def planned(history: list[SizedItem], policy: Policy) -> Plan:
    return plan_compaction(history, policy, count=COUNT)


def positions(plan: Plan, history: list[SizedItem]) -> tuple[list[int], list[int]]:
    """Where the kept and the replaced items stood; a shortened message stands where its original did.

    That is the newest message of the user's that was replaced: none before it is kept.
    """
    by_identity = {id(entry): index for index, entry in enumerate(history)}
    replaced = [by_item(history)[id(item)] for item in plan.replaced]
    users = [index for index in replaced if said_by(history[index].item, "user")]
    cut = [index for index in users[-1:] if is_shortened(plan, history[index])]
    kept = [by_identity.get(id(entry), cut[0] if cut else -1) for entry in plan.kept]
    return kept, replaced


def by_item(history: list[SizedItem]) -> dict[int, int]:
    return {id(entry.item): index for index, entry in enumerate(history)}


def is_shortened(plan: Plan, entry: SizedItem) -> bool:
    half = text_of(entry.item)[:10]
    originals = {id(item) for item in plan.replaced}
    return id(entry.item) in originals and any(
        "cut by compaction" in text_of(kept.item) and text_of(kept.item).startswith(half)
        for kept in plan.kept
    )


def call_ids(items: list[SizedItem]) -> set[str]:
    keys = {getattr(entry.item, "call_id", None) for entry in items}
    return {key for key in keys if key}


def said(role: str, text: str, tokens: int) -> SizedItem:
    return SizedItem(item=parse_item({"role": role, "content": text}), tokens=tokens)
