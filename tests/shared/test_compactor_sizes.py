"""What a compaction leaves is as small as it was to be, and costs what was foretold."""

import time
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.compaction.plan import plan_compaction
from shared.compaction.policy import MIN_RECORD_TOKENS, Policy, automatic_policy, endpoint_policy
from shared.compaction_jobs import compaction_job
from shared.compactions import CompactionJob
from shared.compactor import Compactor
from shared.summarizer import Summarizer
from shared.window.entry import Entry
from shared.window.payload import SizedItem
from shared.wire.items import Compaction
from tests.compacting import POLICY, after, compacted, job
from tests.fakes import FakeUpstream, Script, WordCounter, in_turn, saying
from tests.strategies import conversations
from tests.summaries import GOOD, summary_of, writing
from tests.talk import RULE, assistant, exchanges, user

LONG_PROSE = summary_of(*(f"- Point {number}: " + "and so on " * 20 for number in range(10)))


@pytest.mark.parametrize(
    ("script", "share"),
    [
        pytest.param(None, 0.5, id="no model"),
        pytest.param(in_turn(saying("No.")), 0.5, id="a failing model"),
        pytest.param(in_turn(writing(LONG_PROSE)), 0.9, id="a long summary with a large share"),
    ],
)
async def test_however_long_the_summary_is_rules_stay_and_the_target_holds(
    script: Script | None, share: float
) -> None:
    policy = replace(POLICY, target_tokens=6_000, summary_share=share)
    work = replace(job(policy=policy), summary=LONG_PROSE)
    policy = replace(policy, target_tokens=WordCounter().count(LONG_PROSE) if share > 0.5 else 2_000)

    result = await compacted(replace(work, policy=policy), script)

    assert RULE in result.payload.record
    assert "Never deploy on Fridays." in result.payload.record
    assert result.payload.ledger["entries"]
    assert result.tokens_after <= policy.target_tokens
    assert "## Constraints\n- Point 0" in str(result.payload.summary)
    assert any("tokens of the summary were left out" in warning for warning in result.warnings)


async def test_a_record_that_fits_to_the_token_stays_as_it_is() -> None:
    first = await compacted(job(), in_turn(writing(GOOD)))
    work = replace(after(first, []), record=first.payload.record)

    again = await compacted(replace(work, policy=replace(POLICY, target_tokens=first.tokens_after)))

    assert again.payload == first.payload


async def test_what_the_record_leaves_of_the_target_is_for_what_was_said_last() -> None:
    work = job(policy=replace(POLICY, target_tokens=2_500))

    result = await compacted(work)

    assert 0.8 * 2_500 <= result.tokens_after <= 2_500 < work.tokens
    recent = next(fate.position for fate in result.items if fate.reason == "recent")
    assert all(fate.fate == "kept" for fate in result.items[recent:])
    newest = [entry.item for entry in work.history[recent:]]
    assert [entry.item for entry in result.payload.kept[-len(newest) :]] == newest


async def test_says_how_large_the_window_was_and_is() -> None:
    work = job()

    result = await compacted(work)

    assert result.tokens_before == work.tokens
    assert result.tokens_after == sum(entry.tokens for entry in result.payload.sized_items) < work.tokens
    assert result.seconds >= 0


@settings(max_examples=40)
@given(conversations(max_size=20), st.integers(1_000, 20_000))
async def test_what_is_left_is_within_the_target_where_protected_items_allow_it(
    history: list[SizedItem], threshold: int
) -> None:
    policy = automatic_policy(threshold=threshold, target=None, model=None)
    bare = Policy(target_tokens=1, user_tokens=0, recent_tokens=0)
    protected = plan_compaction(history, bare, count=WordCounter().count).kept
    work = CompactionJob("cmp_1", "acme", policy, history, sum(entry.tokens for entry in history))

    result = await compacted(work)

    room = max(policy.target_tokens, MIN_RECORD_TOKENS) + sum(entry.tokens for entry in protected)
    assert result.payload.tokens <= room
    assert result.payload.tokens == sum(entry.tokens for entry in result.payload.sized_items)


async def test_nobody_is_asked_where_shorter_tool_outputs_are_enough() -> None:
    call = {"type": "function_call", "call_id": "a", "name": "read", "arguments": "{}"}
    log = {"type": "function_call_output", "call_id": "a", "output": "all is well " * 4_000}
    work = replace(
        job([user(RULE), call, log, assistant("Read."), *exchanges(3)]),
        summary="The moon base is at 4 degrees.",
    )
    upstream = FakeUpstream(in_turn(writing(GOOD)))
    compactor = Compactor(WordCounter(), Summarizer(upstream, WordCounter(), window_tokens=50_000))

    result, expected = await compactor.compact(work), await compactor.forecast(work)

    assert upstream.prompts == []
    assert (result.method, result.calls, result.tokens_after <= POLICY.target_tokens) == ("ledger", 0, True)
    assert "The moon base is at 4 degrees." in result.payload.record
    assert len(result.payload.kept) == len(work.history)
    assert (expected.items, expected.tokens_after) == (result.items, result.tokens_after)


@pytest.mark.parametrize("script", [None, in_turn(writing(GOOD))], ids=["ledger", "model"])
async def test_a_forecast_is_what_comes_true(script: Script | None) -> None:
    upstream = FakeUpstream(script or in_turn(writing(GOOD)))
    summarizer = Summarizer(upstream, WordCounter(), window_tokens=50_000) if script else None
    compactor = Compactor(WordCounter(), summarizer)

    expected = await compactor.forecast(job())
    assert upstream.prompts == []
    result = await compactor.compact(job())

    assert (expected.method, expected.model, expected.calls, expected.items) == (
        result.method,
        result.model,
        result.calls,
        result.items,
    )
    assert result.tokens_after <= expected.tokens_after <= POLICY.target_tokens
    assert (expected.usage.input_tokens > 2_000) is (script is not None)


async def test_a_forecast_counts_the_portions_of_a_long_history() -> None:
    upstream = FakeUpstream(in_turn(writing(GOOD)))
    compactor = Compactor(WordCounter(), Summarizer(upstream, WordCounter(), window_tokens=5_000))

    expected = await compactor.forecast(job())
    await compactor.compact(job())

    assert expected.calls == len(upstream.prompts) > 1


@settings(max_examples=40)
@given(conversations(max_size=20), st.integers(1_000, 20_000), st.sampled_from(["automatic", "endpoint"]))
async def test_what_is_compacted_to_its_target_is_the_same_bytes_when_it_is_compacted_again(
    history: list[SizedItem], threshold: int, origin: str
) -> None:
    policy = automatic_policy(threshold=threshold, target=None, model="m")
    if origin == "endpoint":
        policy = endpoint_policy(target=threshold // 4, model="m", instructions=None)
    upstream = FakeUpstream(in_turn(writing(GOOD)))
    compactor = Compactor(WordCounter(), Summarizer(upstream, WordCounter(), window_tokens=100_000))
    window = [Entry(entry.item, entry.tokens) for entry in history]
    assume(window)
    first = await compactor.compact(compaction_job(window, policy, tenant="acme"))
    assume(first.tokens_after <= policy.target_tokens)
    calls = len(upstream.prompts)

    beside = [Entry(entry.item, entry.tokens) for entry in first.beside]
    item = Entry(Compaction(encrypted_content="x"), first.payload.tokens, first.payload)
    again = await compactor.compact(compaction_job([*beside, item], policy, tenant="acme"))

    assert len(upstream.prompts) == calls
    assert again.beside == first.beside
    same = again.payload.model_copy(update={"id": first.payload.id})
    assert same.model_dump_json() == first.payload.model_dump_json()


async def test_no_model_is_asked_for_a_summary_too_short_to_say_anything() -> None:
    policy = replace(POLICY, target_tokens=300, user_tokens=0, recent_tokens=0, pins=("a b " * 100,))
    upstream = FakeUpstream(in_turn(writing(GOOD)))
    compactor = Compactor(WordCounter(), Summarizer(upstream, WordCounter(), window_tokens=50_000))

    result, expected = (
        await compactor.compact(job(policy=policy)),
        await compactor.forecast(job(policy=policy)),
    )

    assert upstream.prompts == []
    assert RULE in result.payload.record
    assert (result.method, expected.method, expected.calls) == ("ledger", "ledger", 0)
    [warning] = result.warnings
    assert warning.startswith("no summary was asked for: there was room for only")


async def test_many_messages_are_no_work_for_the_loop_that_others_wait_on() -> None:
    policy = endpoint_policy(target=None, model=None, instructions=None)
    work = job([*exchanges(1), *(user(f"No {number}.") for number in range(3_000))], policy=policy)
    compactor = Compactor(WordCounter(), None)

    before = time.thread_time()
    result = await compactor.compact(work)

    assert time.thread_time() - before < 0.2
    assert len(result.beside) > 3_000
