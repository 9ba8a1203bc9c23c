"""A compaction keeps what must not be lost, within what it may keep."""

from dataclasses import replace

import pytest
from hypothesis import given

from shared.adapters.tiktoken import TiktokenCounter
from shared.compaction.plan import cut_in_the_middle
from shared.compaction.policy import MIN_RECORD_TOKENS, Policy
from shared.window.calls import open_calls
from shared.window.counting import count_item
from shared.window.payload import SizedItem
from shared.wire.items import InputText, Message, parse_item
from shared.wire.text import text_of
from tests.planning import COUNT, POLICIES, planned, positions, said
from tests.strategies import conversations


@given(conversations(), POLICIES)
def test_every_item_is_kept_or_replaced_and_the_order_stays(history: list[SizedItem], policy: Policy) -> None:
    kept, replaced = positions(planned(history, policy), history)

    assert set(kept) | set(replaced) == set(range(len(history)))
    assert replaced == sorted(replaced)
    assert kept == sorted(kept)


@given(conversations(), POLICIES)
def test_only_a_shortened_message_is_both_kept_and_replaced(history: list[SizedItem], policy: Policy) -> None:
    plan = planned(history, policy)
    untouched = [entry for entry in plan.kept if any(entry is each for each in history)]

    assert len(plan.kept) - len(untouched) <= 1
    assert len(untouched) + len(plan.replaced) == len(history)


@given(conversations(), POLICIES)
def test_a_call_and_its_output_are_kept_together_or_replaced_together(
    history: list[SizedItem], policy: Policy
) -> None:
    plan = planned(history, policy)
    kept = {id(entry.item) for entry in plan.kept}
    items = [entry.item for entry in history]

    for first, last in pairs(history):
        assert (id(items[first]) in kept) == (id(items[last]) in kept)


def pairs(history: list[SizedItem]) -> list[tuple[int, int]]:
    """Each output with the call that it answers: the last one of its id that began before it."""
    began: dict[str, int] = {}
    found = []
    for index, entry in enumerate(history):
        kind, key = entry.item.type, getattr(entry.item, "call_id", None)
        if kind in ("function_call", "custom_tool_call"):
            began[str(key)] = index
        elif kind in ("function_call_output", "custom_tool_call_output") and key in began:
            found.append((began[str(key)], index))
    return found


@given(conversations(), POLICIES)
def test_system_and_developer_items_and_open_calls_always_stay(
    history: list[SizedItem], policy: Policy
) -> None:
    plan = planned(history, policy)
    kept = {id(entry) for entry in plan.kept}
    waiting = open_calls([entry.item for entry in history])

    for entry in history:
        item = entry.item
        if isinstance(item, Message):
            assert item.role not in ("system", "developer") or id(entry) in kept
        elif getattr(item, "call_id", None) in waiting:
            assert id(entry) in kept


@given(conversations(), POLICIES)
def test_the_last_user_message_stays_whole_while_it_waits_for_its_answer(
    history: list[SizedItem], policy: Policy
) -> None:
    plan = planned(history, policy)
    spoken = [entry for entry in history if getattr(entry.item, "role", "") in ("user", "assistant")]

    if spoken and getattr(spoken[-1].item, "role", "") == "user":
        assert any(entry is spoken[-1] for entry in plan.kept)


@given(conversations(), POLICIES)
def test_keeps_no_more_than_its_shares_beside_what_always_stays(
    history: list[SizedItem], policy: Policy
) -> None:
    bare = Policy(target_tokens=1, user_tokens=0, recent_tokens=0)
    protected = sum(entry.tokens for entry in planned(history, bare).kept)

    kept = sum(entry.tokens for entry in planned(history, policy).kept)

    assert kept <= protected + policy.user_tokens + policy.recent_tokens


@given(conversations(), POLICIES)
def test_the_record_gets_what_the_target_leaves(history: list[SizedItem], policy: Policy) -> None:
    plan = planned(history, policy)
    kept = sum(entry.tokens for entry in plan.kept)

    assert plan.record_tokens == max(policy.target_tokens - kept, MIN_RECORD_TOKENS)
    capped = planned(history, replace(policy, record_tokens=300))
    assert capped == replace(plan, record_tokens=min(plan.record_tokens, 300))


@given(conversations(), POLICIES)
def test_planning_is_deterministic_and_never_grows_its_own_result(
    history: list[SizedItem], policy: Policy
) -> None:
    plan = planned(history, policy)
    again = planned(plan.kept, policy)

    assert planned(history, policy) == plan
    assert sum(entry.tokens for entry in again.kept) <= sum(entry.tokens for entry in plan.kept)


def test_user_messages_stay_newest_first_and_the_one_at_the_edge_is_shortened() -> None:
    words = " ".join(f"word{n}" for n in range(300))
    history = [
        said("user", "oldest", 60),
        said("user", words, 305),
        said("assistant", "ok", 6),
        said("user", "newest", 6),
        said("assistant", "fine", 6),
    ]

    plan = planned(history, Policy(target_tokens=1000, user_tokens=106, recent_tokens=0))

    assert [text_of(entry.item)[:6] for entry in plan.kept] == ["word0 ", "newest"]
    assert plan.kept[0].tokens <= 100
    assert plan.replaced == [entry.item for entry in (history[0], history[1], history[2], history[4])]


def test_an_answered_message_of_any_size_does_not_stay_for_ever() -> None:
    history = [said("user", "long " * 900, 904), said("assistant", "read", 5)]

    plan = planned(history, Policy(target_tokens=300, user_tokens=100, recent_tokens=50))

    assert sum(entry.tokens for entry in plan.kept) <= 150


# Cutting a message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The quick brown fox jumps over the lazy dog. " * 400, id="even"),
        pytest.param("数据库🦊" * 300 + "a" * 40_000 + "数据库🦊" * 300, id="dense ends"),
        pytest.param("x9$" * 100 + " the" * 20_000, id="dense head"),
    ],
)
@pytest.mark.parametrize("most", [48, 100, 1000])
def test_a_shortened_message_is_as_small_as_it_says(text: str, most: int) -> None:
    count = TiktokenCounter().count
    item = parse_item({"role": "user", "content": text, "id": "msg_1"})

    shortened = cut_in_the_middle(SizedItem(item=item, tokens=count_item(item, count)), most, count)

    assert shortened is not None
    assert shortened.tokens == count_item(shortened.item, count) <= most
    words = text_of(shortened.item)
    assert (words[:9], words[-9:]) == (text[:9], text[-9:])
    assert shortened.item.id == "msg_1"


def test_media_go_before_words() -> None:
    item = parse_item(
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Is the valve in this picture number 4711 or number 4712?"},
                {"type": "input_image", "image_url": "https://example.org/valve.png"},
            ],
        }
    )

    shortened = cut_in_the_middle(SizedItem(item=item, tokens=1500), 100, COUNT)

    assert shortened is not None
    assert isinstance(shortened.item, Message)
    assert len(shortened.item.content) == 1
    assert isinstance(part := shortened.item.content[0], InputText)
    assert part.text.startswith(
        "Is the valve in this picture number 4711 or number 4712?\n[image: https://example.org/valve.png]"
    )
    assert "cut by compaction" in part.text


@pytest.mark.parametrize(
    ("document", "most"),
    [
        pytest.param({"role": "user", "content": "word " * 500}, 47, id="too little room"),
        pytest.param({"role": "user", "content": "hm"}, 400, id="too few words"),
        pytest.param(
            {"role": "user", "content": "word " * 50, "vendor": "note " * 5000}, 60, id="unknown fields"
        ),
        pytest.param({"type": "reasoning", "summary": []}, 400, id="no message"),
    ],
)
def test_a_message_of_which_too_little_would_be_left_is_not_kept(
    document: dict[str, object], most: int
) -> None:
    assert cut_in_the_middle(SizedItem(item=parse_item(document), tokens=9000), most, COUNT) is None
