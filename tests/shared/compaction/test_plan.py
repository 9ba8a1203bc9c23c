"""A compaction keeps what must not be lost, within what it may keep."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.tiktoken import TiktokenCounter
from shared.compaction.plan import Plan, cut_in_the_middle, plan_compaction, split_window
from shared.compaction.policy import MIN_RECORD_TOKENS, Policy
from shared.window.calls import open_calls, safe_cuts
from shared.window.counting import count_item
from shared.window.payload import SizedItem
from shared.wire.items import InputText, Message, parse_item, parse_items, said_by
from shared.wire.model import JsonObject
from shared.wire.text import text_of
from tests.fakes import WordCounter
from tests.strategies import conversations

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


def test_a_request_for_approval_that_waits_stays() -> None:
    request = {"type": "mcp_approval_request", "id": "r1", "name": "drop", "server_label": "db"}
    history = [SizedItem(item=parse_item(request), tokens=50), said("user", "well?", 5)]

    plan = planned(history, Policy(target_tokens=10, user_tokens=0, recent_tokens=0))

    assert history[0] in plan.kept


def test_an_item_that_is_only_passed_on_may_name_its_call_by_anything() -> None:
    found = {"type": "tool_search_output", "call_id": [], "status": "completed"}
    history = [SizedItem(item=parse_item(found), tokens=10), said("user", "Hello", 10)]
    assert planned(history, Policy(target_tokens=1000, user_tokens=100, recent_tokens=100)).kept


def test_an_open_call_keeps_the_reasoning_that_led_to_it() -> None:
    items = parse_items(
        [
            {"role": "user", "content": "go"},
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "reasoning", "id": "rs_2", "summary": []},
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
            {"role": "assistant", "content": "working"},
        ]
    )
    history = [SizedItem(item=item, tokens=100) for item in items]

    plan = planned(history, Policy(target_tokens=10, user_tokens=0, recent_tokens=0))

    assert [entry.item.type for entry in plan.kept] == ["reasoning", "reasoning", "function_call"]


def kept_types(documents: list[JsonObject], **fields: int) -> list[str]:
    history = [SizedItem(item=item, tokens=100) for item in parse_items(documents)]
    policy = Policy.from_json({"target_tokens": 10, "user_tokens": 0, "recent_tokens": 0, **fields})
    return [str(entry.item.id or entry.item.type) for entry in planned(history, policy).kept]


GO: JsonObject = {"role": "user", "content": "go", "id": "go"}
THOUGHT: JsonObject = {"type": "reasoning", "id": "rs", "summary": []}
SAID: JsonObject = {"role": "assistant", "content": "Well.", "id": "said"}


def call(call_id: str, **fields: object) -> JsonObject:
    return {"type": "function_call", "id": call_id, "call_id": call_id, "name": "f", "arguments": ""} | fields


def output(call_id: str) -> JsonObject:
    return {"type": "function_call_output", "id": f"{call_id}!", "call_id": call_id, "output": "done"}


def test_an_open_call_keeps_those_that_were_made_with_it() -> None:
    earlier = [THOUGHT | {"id": "old"}, call("x"), output("x")]
    documents = [GO, *earlier, THOUGHT, call("a"), call("b"), output("a"), GO, SAID]

    assert kept_types(documents) == ["rs", "a", "b", "a!"]


def test_a_program_that_runs_keeps_the_calls_from_within_it() -> None:
    program = {"type": "program", "id": "p", "call_id": "p", "code": "", "fingerprint": ""}
    within = {"caller": {"type": "program", "caller_id": "p"}}
    documents = [program, call("a", **within), output("a"), call("b", **within), output("b"), GO, SAID]

    assert kept_types(documents) == ["p", "a", "a!", "b", "b!"]
    ended = {"type": "program_output", "call_id": "p", "result": "", "status": "completed"}
    assert kept_types([*documents[:5], ended, GO, SAID]) == []


COMMENT = SAID | {"phase": "commentary"}


@pytest.mark.parametrize(
    ("after", "stays"),
    [
        pytest.param([], True, id="nothing yet"),
        pytest.param([SAID], False, id="an answer"),
        pytest.param([SAID | {"phase": "final_answer"}], False, id="the final answer"),
        pytest.param([COMMENT], True, id="a commentary"),
        pytest.param([COMMENT, SAID], False, id="an answer after a commentary"),
        pytest.param([SAID, call("a"), output("a")], True, id="words before a call"),
        pytest.param([SAID, {"type": "web_search_call", "status": "completed"}], True, id="and a search"),
        pytest.param([call("a"), SAID, output("a")], True, id="an output that nobody has spoken of"),
        pytest.param([SAID, call("a"), output("a"), SAID], False, id="an answer after calls"),
    ],
)
def test_a_request_stays_whole_until_the_model_has_done_with_it(after: list[JsonObject], stays: bool) -> None:
    assert ("go" in kept_types([GO | {"id": "old"}, SAID, GO, *after])) == stays


def test_tools_that_a_developer_added_stay() -> None:
    added = {"type": "additional_tools", "role": "developer", "tools": [], "id": "added"}

    assert kept_types([added, GO, SAID]) == ["added"]


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


# Dividing a window


@given(conversations(min_size=1), st.integers(0, 3000))
def test_the_tail_is_never_empty_and_never_parts_a_call_from_its_output(
    history: list[SizedItem], tail_tokens: int
) -> None:
    tokens = [entry.tokens for entry in history]
    cuts = safe_cuts([entry.item for entry in history])

    cut = split_window(tokens, cuts, tail_tokens=tail_tokens)

    assert 0 <= cut < len(history)
    assert cuts[cut]
    newest_cut = max(place for place in range(len(history)) if cuts[place])
    assert sum(tokens[cut:]) <= tail_tokens or cut == newest_cut


@given(conversations(min_size=1), st.integers(0, 3000))
def test_the_tail_is_the_longest_that_fits(history: list[SizedItem], tail_tokens: int) -> None:
    tokens = [entry.tokens for entry in history]
    cuts = safe_cuts([entry.item for entry in history])

    cut = split_window(tokens, cuts, tail_tokens=tail_tokens)

    assert not any(cuts[place] and sum(tokens[place:]) <= tail_tokens for place in range(cut))


def test_a_window_that_can_be_cut_nowhere_is_all_tail() -> None:
    assert split_window([5, 5], [False, False, True], tail_tokens=100) == 0
    assert split_window([], [True], tail_tokens=100) == 0
