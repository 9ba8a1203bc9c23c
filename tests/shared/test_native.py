"""Compaction by the provider: its item is kept for it, and a ledger for everybody else."""

from dataclasses import replace
from typing import Any

import pytest

from shared.compaction.policy import automatic_policy, endpoint_policy
from shared.compaction.record import OPENING
from shared.compactions import CompactionJob, CompactionResult, PromptHead
from shared.compactor import Compactor
from shared.errors import UpstreamError
from shared.native import NativeCompactor
from shared.prompt import CompactedItems, Prompt
from shared.routing import Route, Routes
from shared.window.payload import Payload
from shared.wire.items import Item, Message, dump_items, parse_item, parse_items
from shared.wire.model import JsonObject
from shared.wire.responses import Usage
from shared.wire.text import text_of
from tests.fakes import WordCounter, usage
from tests.strategies import sized
from tests.talk import RULE, assistant, exchanges, system, user

OPENAI = Route("openai", "https://api.example/v1", ("gpt-*",), api="responses", native_compaction=True)
GPU = Route("gpu", "http://127.0.0.1:9/v1", ("llama",), rename={"gpt-local": "llama"})
RENAMED = replace(OPENAI, rename={"gpt-5": "gpt-5-snapshot"})
POLICY = automatic_policy(threshold=6_000, target=None, model="gpt-5")
HISTORY = [system("You are careful."), user(RULE), assistant("Understood."), *exchanges(40)]


SPENT = usage(100, 10)


class FakeProvider:
    """A provider that keeps what the user said and seals the rest, or fails."""

    def __init__(self, *, failing: UpstreamError | None = None, spent: Usage | None = SPENT) -> None:
        self.failing = failing
        self.spent = spent
        self.prompts: list[Prompt] = []

    async def compact(self, prompt: Prompt) -> CompactedItems:
        self.prompts.append(prompt)
        if self.failing:
            raise self.failing
        kept = [item for item in prompt.items if isinstance(item, Message) and item.role == "user"]
        sealed = {
            "type": "compaction",
            "id": "cmp_theirs",
            "encrypted_content": f"theirs:{len(prompt.items)}",
        }
        return CompactedItems([*kept, parse_item(sealed)], self.spent)


def job(documents: list[JsonObject] = HISTORY, **changes: Any) -> CompactionJob:
    history = [sized(item) for item in parse_items(documents)]
    tokens = sum(entry.tokens for entry in history)
    one = CompactionJob(id="cmp_1", tenant="acme", policy=POLICY, history=history, tokens=tokens)
    return replace(one, **changes)


def after(payload: Payload, documents: list[JsonObject], *, upstream: str | None = "openai") -> CompactionJob:
    """The job that compacts what `payload` left and what was said since."""
    record, kept = payload.readable_by(upstream)
    more = [sized(item) for item in parse_items(documents)]
    return job(history=[*kept, *more], ledger=payload.ledger, summary=payload.summary, record=record)


async def compacted(work: CompactionJob, provider: FakeProvider, route: Route = OPENAI) -> CompactionResult:
    counter = WordCounter()
    native = NativeCompactor({route: provider}, Routes((route, GPU)), counter)
    return await Compactor(counter, None, native).compact(work)


def said(items: list[Item]) -> list[str]:
    return [text_of(item) for item in items if isinstance(item, Message)]


async def test_what_the_provider_left_is_kept_word_for_word_after_the_rules() -> None:
    provider = FakeProvider()

    result = await compacted(job(), provider)

    [prompt] = provider.prompts
    assert (result.method, result.usage, result.warnings) == ("native", usage(100, 10), [])
    assert result.payload.record == ""
    [rule, *kept] = dump_items([entry.item for entry in result.payload.kept])
    assert rule == system("You are careful.")
    assert [item["type"] for item in kept][-1] == "compaction"
    assert kept[-1] == {
        "type": "compaction",
        "id": "cmp_theirs",
        "encrypted_content": f"theirs:{len(prompt.items)}",
    }
    assert said(prompt.items)[:2] == [RULE, "Understood."]


async def test_its_size_is_what_the_provider_wrote() -> None:
    result = await compacted(job(), FakeProvider())

    assert result.payload.kept[-1].tokens == 10
    assert result.payload.tokens == result.tokens_after == sum(e.tokens for e in result.payload.sized_items)


async def test_a_provider_that_reports_no_usage_is_estimated() -> None:
    result = await compacted(job(), FakeProvider(spent=None))

    assert result.usage == Usage()
    assert 0 < result.payload.kept[-1].tokens < 10


async def test_others_are_told_by_the_ledger() -> None:
    payload = (await compacted(job(), FakeProvider())).payload

    told, *kept = payload.given_to("gpu")

    assert text_of(told.item).startswith(OPENING)
    assert RULE in text_of(told.item)
    assert all(entry.item.type != "compaction" for entry in kept)
    assert told.tokens >= WordCounter().count(text_of(told.item))


async def test_a_long_summary_starves_not_what_others_are_told() -> None:
    prose = "## Goal\n" + "\n".join(f"- Step {number}: and so on and on." for number in range(400))

    payload = (await compacted(job(summary=prose), FakeProvider())).payload

    told = payload.given_to("gpu")[0]
    assert RULE in text_of(told.item)
    assert "- Step 399:" in text_of(told.item)
    assert told.tokens <= POLICY.target_tokens
    assert payload.summary == prose


async def test_the_provider_is_asked_under_its_own_name_for_the_model_and_with_what_the_turns_had() -> None:
    provider = FakeProvider()
    head = PromptHead("gpt-5", "Be brief.", [{"type": "function", "name": "f"}], "key")

    await compacted(job(head=head), provider, RENAMED)

    [prompt] = provider.prompts
    assert (prompt.model, prompt.instructions) == ("gpt-5-snapshot", "Be brief.")
    assert (prompt.sampling.prompt_cache_key, prompt.sampling.tools) == ("key", [])


async def test_the_endpoints_own_instructions_come_before_those_of_the_turns() -> None:
    provider = FakeProvider()
    policy = endpoint_policy(target=2_000, model="gpt-5", instructions="Name every ticket.")

    result = await compacted(job(policy=policy, head=PromptHead("gpt-5", "Be brief.")), provider)

    assert provider.prompts[0].instructions == "Name every ticket."
    assert {entry.item.to_json()["role"] for entry in result.beside} == {"user"}
    assert [entry.item.type for entry in result.payload.kept] == ["message", "compaction"]
    assert all(entry.item.id for entry in result.beside)


async def test_what_waits_for_an_answer_stays_with_us_and_comes_last() -> None:
    call = {"type": "function_call", "call_id": "c9", "name": "look", "arguments": "{}"}
    provider = FakeProvider()

    result = await compacted(job([*HISTORY, assistant("I look."), call]), provider)

    assert "function_call" not in [item.type for item in provider.prompts[0].items]
    kept = [entry.item for entry in result.payload.kept]
    assert [item.type for item in kept][-3:] == ["compaction", "message", "function_call"]
    assert kept[-2].to_json()["role"] == "user"


async def test_the_next_compaction_hands_the_providers_item_back_to_it() -> None:
    provider = FakeProvider()
    first = await compacted(job(), provider)

    second = await compacted(after(first.payload, exchanges(40)), provider)

    again = [item.to_json() for item in provider.prompts[1].items if item.type == "compaction"]
    assert again == [first.payload.kept[-1].item.to_json()]
    assert [entry.item.type for entry in second.payload.kept].count("compaction") == 1
    assert RULE in text_of(second.payload.given_to("gpu")[0].item)


async def test_a_record_of_ours_that_came_before_stays_what_it_was() -> None:
    ledger_only = await Compactor(WordCounter(), None).compact(job())
    provider = FakeProvider()

    result = await compacted(after(ledger_only.payload, exchanges(40)), provider)

    assert ledger_only.payload.record not in said(provider.prompts[0].items)
    assert result.payload.record == ledger_only.payload.record
    assert text_of(result.payload.given_to("openai")[0].item) == ledger_only.payload.record
    assert RULE in text_of(result.payload.given_to("gpu")[0].item)


@pytest.mark.parametrize(
    ("failing", "model", "why"),
    [
        pytest.param(UpstreamError("It broke."), "gpt-5", "It broke.", id="it fails"),
        pytest.param(
            None, "llama", "The model's upstream has no compaction of its own.", id="it is another's model"
        ),
        pytest.param(None, "nobody", "The requested model 'nobody' does not exist.", id="nobody's model"),
    ],
)
async def test_what_the_provider_does_not_compact_is_left_to_the_ledger(
    failing: UpstreamError | None, model: str, why: str
) -> None:
    policy = replace(POLICY, model=model)

    result = await compacted(job(policy=policy), FakeProvider(failing=failing))

    assert (result.method, result.warnings) == ("ledger", [f"the provider did not compact: {why}"])
    assert RULE in result.payload.record
    assert result.payload.provider_seal is None


async def test_a_provider_that_fails_later_loses_nothing_that_the_ledger_knew() -> None:
    first = await compacted(job(), FakeProvider())

    second = await compacted(
        after(first.payload, exchanges(40)), FakeProvider(failing=UpstreamError("It broke."))
    )

    assert second.method == "ledger"
    assert RULE in second.payload.record
    assert all(entry.item.type != "compaction" for entry in second.payload.kept)


async def test_nobody_is_asked_where_nothing_is_replaced() -> None:
    provider = FakeProvider()

    result = await compacted(job([system("Hi"), user("Hi")]), provider)

    assert (result.method, result.warnings, provider.prompts) == ("ledger", [], [])


async def test_what_is_pinned_stays_beside_what_the_provider_left() -> None:
    provider = FakeProvider()
    pinned = replace(POLICY, pins=("Berth 7.",), pinned_items=("msg_note",), operator_pins=("Be kind.",))
    documents = [*HISTORY, assistant("Noted.") | {"id": "msg_note"}, *exchanges(2)]

    first = await compacted(job(documents, policy=pinned), provider)
    second = await compacted(replace(after(first.payload, exchanges(40)), policy=pinned), provider)

    for result in (first, second):
        assert [entry.item.id for entry in result.payload.kept].index("msg_note") == 1
        assert all(result.payload.record.count(pin) == 1 for pin in ("Berth 7.", "Be kind."))
        assert "Berth 7." in text_of(result.payload.given_to("gpu")[0].item)
        assert [fate.reason for fate in result.items if fate.id == "msg_note"] == ["pinned"]
        assert (result.payload.pins, result.payload.pinned_items) == (("Berth 7.",), ("msg_note",))
    assert all("msg_note" not in [item.id for item in prompt.items] for prompt in provider.prompts)


async def test_a_pinned_question_that_waits_for_its_answer_comes_last() -> None:
    pinned = replace(POLICY, pinned_items=("msg_question",))
    question = user("And now?") | {"id": "msg_question"}

    result = await compacted(job([*HISTORY, question], policy=pinned), FakeProvider())

    assert result.payload.kept[-1].item.id == "msg_question"
    assert result.payload.kept[-2].item.type == "compaction"
