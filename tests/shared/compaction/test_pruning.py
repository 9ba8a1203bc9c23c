"""Where shorter tool outputs are enough, nothing else changes and nobody is asked."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.compaction.fates import our_fates
from shared.compaction.ledger import collect
from shared.compaction.plan import Plan, protected_items, recent_items
from shared.compaction.policy import Policy
from shared.compaction.pruning import plan_pruning, without_middle
from shared.window.calls import open_calls
from shared.window.counting import count_item
from shared.window.payload import SizedItem
from shared.wire.items import FunctionCallOutput, Message, parse_item, parse_items
from shared.wire.model import JsonObject
from shared.wire.text import text_of
from tests.fakes import WordCounter
from tests.strategies import conversations, sized
from tests.talk import assistant, user

COUNT = WordCounter().count
ERROR = "ValueError: the berth 7 is taken"


def output(call_id: str, text: str, **fields: object) -> JsonObject:
    return {
        "type": "function_call_output",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "output": text,
        **fields,
    }


def call(call_id: str) -> JsonObject:
    return {"type": "function_call", "call_id": call_id, "name": "read", "arguments": "{}"}


THINKING = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm " * 300}]}
CALM = "all is well\n" * 200
LOG = f"first line\n{CALM}{ERROR}\n{CALM}exit code 1"
SESSION = [
    user("Look at both."),
    THINKING,
    call("a"),
    call("b"),
    output("a", LOG),
    output("b", "word " * 2_000),
    assistant("Both read."),
    user("And now?"),
    assistant("Nothing."),
]


def history(documents: Sequence[JsonObject] = SESSION) -> list[SizedItem]:
    return [sized(item) for item in parse_items(list(documents))]


def pruned(
    entries: list[SizedItem], target: int = 1_000, *, record_tokens: int = 100, **fields: object
) -> Plan | None:
    policy = Policy.from_json({"target_tokens": target, "user_tokens": 0, "recent_tokens": 10, **fields})
    return plan_pruning(entries, policy, record_tokens=record_tokens, count=COUNT)


def test_old_outputs_and_reasoning_go_and_all_else_stays() -> None:
    plan = pruned(history())

    assert plan is not None
    kept = [entry.item.to_json() for entry in plan.kept]
    assert [item["type"] for item in kept] == [item.get("type") for item in SESSION if item is not THINKING]
    changed = [item for item in kept if item not in [entry.item.to_json() for entry in history()]]
    assert [item["call_id"] for item in changed] == ["a", "b"]
    assert sum(entry.tokens for entry in plan.kept) <= 900
    cut = [entry for entry in plan.kept if "pruned:" in text_of(entry.item)]
    assert [entry.tokens for entry in cut] == [count_item(entry.item, COUNT) for entry in cut]
    assert [item.type for item in plan.replaced] == [
        "reasoning",
        "function_call_output",
        "function_call_output",
    ]
    assert plan.is_pruning


def test_an_output_keeps_its_ends_its_errors_and_says_how_much_it_was() -> None:
    entry = history()[4]

    text = text_of(without_middle(entry, COUNT).item)

    assert text.startswith("first line\n")
    assert text.endswith("exit code 1")
    assert ERROR in text
    assert f"[… pruned: this output had {entry.tokens} tokens …]" in text
    again = without_middle(without_middle(entry, COUNT), COUNT)
    assert text_of(again.item) == text


def test_images_in_an_output_go_and_are_told_of() -> None:
    image = {"type": "input_image", "image_url": "https://example.org/valve.png"}
    item = parse_item(
        output("a", "") | {"output": [{"type": "input_text", "text": "the valve"}, image, image]}
    )

    shorter = without_middle(SizedItem(item=item, tokens=3_000), COUNT)

    assert isinstance(shorter.item, FunctionCallOutput)
    assert (
        shorter.item.output
        == "the valve\n[… pruned: this output had 3000 tokens, 2 images or files among them …]"
    )


@pytest.mark.parametrize(
    "document",
    [
        {"type": "local_shell_call_output", "id": "c", "output": LOG},
        {
            "type": "shell_call_output",
            "call_id": "c",
            "output": [{"stdout": LOG, "stderr": "", "outcome": {}}],
        },
        {"type": "apply_patch_call_output", "call_id": "c", "output": LOG},
        {"type": "mcp_call", "id": "c", "name": "f", "arguments": "{}", "server_label": "s", "output": LOG},
        {
            "type": "code_interpreter_call",
            "id": "c",
            "code": "print(1)",
            "outputs": [{"type": "logs", "logs": LOG}],
        },
        {"type": "program_output", "call_id": "c", "result": LOG},
        {"type": "file_search_call", "id": "c", "results": [{"filename": "a.txt", "text": LOG}]},
    ],
    ids=lambda document: document["type"],
)
def test_outputs_of_every_tool_are_pruned(document: JsonObject) -> None:
    entries = history([user("Look."), document, assistant("Read."), user("And now?"), assistant("Nothing.")])

    plan = pruned(entries, 900)

    assert plan is not None
    [cut] = plan.replaced
    left = next(entry.item for entry in plan.kept if entry.item.type == document["type"]).to_json()
    assert cut.to_json() == document
    assert {name: left[name] for name in left if name not in ("output", "outputs", "result", "results")} == {
        name: document[name] for name in document if name not in ("output", "outputs", "result", "results")
    }
    told = json.dumps(left, ensure_ascii=False)
    assert all(part in told for part in ("first line", ERROR, "exit code 1", "[… pruned: this output had"))


def test_a_screenshot_stays_since_its_item_means_nothing_without() -> None:
    shot = {"type": "computer_screenshot", "image_url": "data:image/png;base64," + "A" * 9_000}
    item = parse_item({"type": "computer_call_output", "call_id": "c", "output": shot})

    assert without_middle(SizedItem(item=item, tokens=3_000), COUNT).item == item


@pytest.mark.parametrize(
    ("documents", "fields"),
    [
        pytest.param(SESSION, {"target": 300}, id="too little is gained"),
        pytest.param(SESSION, {"record_tokens": 900}, id="the record needs the room"),
        pytest.param(SESSION, {"target": 9_000}, id="it fits as it is"),
        pytest.param(SESSION, {"pinned_items": ["fc_b"]}, id="pinned"),
        pytest.param(SESSION, {"record_tokens": 100, "recent_tokens": 9_000}, id="recent"),
        pytest.param(
            [*SESSION, {"type": "compaction", "encrypted_content": "x"}], {}, id="a provider's item"
        ),
    ],
)
def test_where_pruning_is_not_enough_or_not_allowed_there_is_no_such_plan(
    documents: list[JsonObject], fields: dict[str, int]
) -> None:
    assert pruned(history(documents), **fields) is None


def test_the_endpoint_has_a_rule_of_its_own() -> None:
    policy = Policy(target_tokens=1_000, user_tokens=0, recent_tokens=10, record_tokens=500)

    assert plan_pruning(history(), policy, record_tokens=100, count=COUNT) is None


def test_no_more_is_pruned_than_must() -> None:
    plan = pruned(history(), 2_800)

    assert plan is not None
    assert [item.type for item in plan.replaced] == ["reasoning", "function_call_output"]


def test_the_reasoning_of_a_turn_that_goes_on_stays() -> None:
    plan = pruned(history(SESSION[:6]), 1_500)

    assert plan is not None
    assert "reasoning" in [entry.item.type for entry in plan.kept]


def test_fates_tell_what_was_pruned() -> None:
    entries, plan = history(), pruned(history())
    assert plan is not None

    fates = our_fates(entries, plan, ledger=collect(plan.replaced), seen=0, summarised=False)

    told = [(fate.type, str(fate.fate), fate.reason) for fate in fates if fate.fate != "kept"]
    assert told == [
        ("reasoning", "pruned", "no_facts"),
        ("function_call_output", "pruned", "output_cut"),
        ("function_call_output", "pruned", "output_cut"),
    ]
    assert {fate.reason for fate in fates if fate.fate == "kept"} == {"fits"}


@given(conversations(), st.integers(1, 6_000), st.integers(0, 1_000))
def test_what_may_not_go_is_there_word_for_word(entries: list[SizedItem], target: int, recent: int) -> None:
    plan = pruned(entries, target, recent_tokens=recent)
    if plan is None:
        return
    kept = {id(entry) for entry in plan.kept}
    items = [entry.item for entry in entries]

    assert sum(entry.tokens for entry in plan.kept) + plan.record_tokens == target
    for index, entry in enumerate(entries):
        must_stay = isinstance(entry.item, Message) or entry.item.type.endswith("_call")
        must_stay |= getattr(entry.item, "call_id", None) in open_calls(items)
        must_stay |= index in {*protected_items(items, ()), *recent_items(entries, recent)}
        assert not must_stay or id(entry) in kept
