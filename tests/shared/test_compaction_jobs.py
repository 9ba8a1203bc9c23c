"""What a compaction job is given: a prefix, a policy, and what earlier compactions left."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.compact_window import CompactedWindow, WindowCompactor
from shared.compaction.gain import Room
from shared.compaction.ledger import Ledger, collect
from shared.compaction.record import OPENING
from shared.compaction_jobs import CompactionJobs, compaction_job, divide, target_tokens
from shared.compactions import CompactionJob, PromptHead
from shared.settings import Settings
from shared.window.calls import safe_cuts
from shared.window.entry import Entry, total_tokens
from shared.window.payload import Payload, ProviderSeal, SizedItem
from shared.wire.items import Compaction, parse_items
from shared.wire.text import text_of
from tests.strategies import conversations, sized
from tests.summaries import summary_of
from tests.talk import Talk, assistant, exchanges, user
from tests.windows import LONG, POLICY, TOOL_TEXT, compact, entries, entry_of


@pytest.mark.parametrize(
    ("window", "threshold"),
    [(None, 200_000), (200_000, 200_000), (10_000, 8_000)],
    ids=["of a window that is not known", "that can be reached", "beyond the model's window"],
)
def test_a_threshold_is_lowered_where_the_model_could_never_cross_it(
    window: int | None, threshold: int
) -> None:
    talk = Talk(context_window_tokens=window)

    assert talk.window_compactor.threshold(talk.turn("Hi", threshold=200_000)) == threshold


@pytest.mark.parametrize(
    ("asked", "by_default", "target"),
    [
        pytest.param({}, None, None, id="none"),
        pytest.param({}, 700, 700, id="the server's"),
        pytest.param({"target": 500}, 700, 500, id="the request's"),
        pytest.param({"hitherto": {}}, 700, 700, id="an empty extension"),
    ],
)
def test_the_target_is_the_requests_or_the_servers(
    asked: dict[str, Any], by_default: int | None, target: int | None
) -> None:
    settings = Settings(compact_target_tokens=by_default)

    assert target_tokens(Talk().turn("Hi", **asked), settings) == target


# What


@given(conversations(min_size=1), st.integers(1, 6_000))
def test_a_window_is_never_divided_between_a_call_and_its_output(
    history: list[SizedItem], target: int
) -> None:
    window = [entry_of(entry) for entry in history]

    cut = divide(window, replace(POLICY, target_tokens=target))

    assert 0 <= cut < len(window)
    assert safe_cuts([entry.item for entry in window])[cut]


def test_the_newest_user_message_and_what_came_after_it_stays_as_it_came() -> None:
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
    window = entries([*exchanges(20), user("Now?"), call])

    assert divide(window, POLICY) == 40


def test_a_tail_that_is_too_large_is_as_small_as_it_can_be() -> None:
    calls = [
        document
        for name in "abc"
        for document in (
            {"type": "function_call", "call_id": name, "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": name, "output": "seen " * 900},
        )
    ]
    window = entries([*exchanges(5), user("Look at all three."), *calls])

    assert divide(window, POLICY) == len(window) - 2


def an_item(origin: str, *, kept: list[SizedItem] | None = None, **fields: object) -> Entry:
    payload = Payload.model_validate(
        {
            "version": 1,
            "id": "cmp_1",
            "origin": origin,
            "kept": kept or [],
            "record": "r",
            "ledger": {},
            "tokens": 9,
        }
        | fields
    )
    return Entry(Compaction(id="cmp_1", encrypted_content=origin), payload.tokens, payload)


def test_a_compaction_item_is_never_left_in_the_tail() -> None:
    output = {"type": "function_call_output", "call_id": "a", "output": "done"}
    window = [*entries(exchanges(30)), an_item("endpoint"), *entries([output])]

    assert divide(window, POLICY) == len(window) - 1
    assert divide(window[:-1], POLICY) == 0


# The job


def test_equal_prefixes_of_a_tenant_are_one_job() -> None:
    window = entries(LONG)
    again = entries([document | {"id": f"msg_{number}"} for number, document in enumerate(LONG)])

    assert compaction_job(window, POLICY, tenant="a").id == compaction_job(again, POLICY, tenant="a").id


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(compaction_job(entries(LONG), POLICY, tenant="b"), id="tenant"),
        pytest.param(compaction_job(entries(LONG[:-1]), POLICY, tenant="a"), id="prefix"),
        pytest.param(compaction_job(entries(LONG), replace(POLICY, model="other"), tenant="a"), id="policy"),
    ],
)
def test_another_tenant_prefix_or_policy_is_another_job(other: CompactionJob) -> None:
    one = compaction_job(entries(LONG), POLICY, tenant="a")

    assert one.id != other.id
    assert one.id.startswith("cmp_")
    assert len(one.id) == len("cmp_") + 48


@pytest.mark.parametrize("origin", ["automatic", "endpoint"])
def test_what_a_compaction_item_says_is_carried_on_and_never_read_as_a_users_words(origin: str) -> None:
    """Wherever it stands: an item of /responses/compact has user messages before it."""
    kept = [sized(item) for item in parse_items([assistant("kept")])]
    past = an_item(origin, kept=kept, record=f"{OPENING} {TOOL_TEXT}", ledger={"version": 1}, summary="S")
    before, after = entries([user("beside")]), entries([user("since")])

    job = compaction_job([*before, past, *after], POLICY, tenant="a")

    assert [text_of(entry.item) for entry in job.history] == ["beside", "kept", "since"]
    assert (job.ledger, job.summary) == ({"version": 1}, "S")
    assert job.tokens == total_tokens([*before, past, *after])


def test_several_compaction_items_are_carried_on_together() -> None:
    def facts(text: str) -> Ledger:
        return collect(parse_items([user(text)]))

    one = facts("Never deploy on Fridays.")
    other = facts("Always sign releases with key ABCD1234.")
    first = an_item("endpoint", ledger=one.to_json(), summary=summary_of("- one"))
    second = an_item("endpoint", ledger=other.to_json(), summary=summary_of("- other"))
    silent = an_item("endpoint")

    job = compaction_job([first, second, silent], POLICY, tenant="a")

    merged = Ledger.from_json(job.ledger)
    assert {entry.key for entry in merged.entries} == {e.key for e in (*one.entries, *other.entries)}
    assert merged.items_seen == 2
    assert job.summary is not None
    assert "- one\n- other" in job.summary
    assert compaction_job([first, silent], POLICY, tenant="a").summary == summary_of("- one")
    assert compaction_job([silent, silent], POLICY, tenant="a").summary is None


@pytest.mark.parametrize("upstream", ["openai", "gpu", None])
def test_what_a_provider_sealed_goes_on_to_nobody_else(upstream: str | None) -> None:
    sealed = SizedItem(item=Compaction(id="cmp_theirs", encrypted_content="x"), tokens=9)
    past = an_item("automatic", kept=[sealed], record="Before that, nothing.", ledger={"version": 1})
    assert past.payload is not None
    seal = ProviderSeal(provider="openai", record="All of it.", tokens=3)
    theirs = replace(past, payload=past.payload.model_copy(update={"provider_seal": seal}))

    job = compaction_job([theirs, *entries([user("since")])], POLICY, tenant="a", upstream=upstream)

    types, record = [entry.item.type for entry in job.history], job.record
    if upstream == "openai":
        assert (types, record) == (["compaction", "message"], "Before that, nothing.")
    else:
        assert (types, record) == (["message"], "All of it.")
    assert job.ledger == {"version": 1}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        pytest.param({}, False, id="fenced"),
        pytest.param({"summarizer_mode": "in_place", "summarizer": "model"}, True, id="in place"),
        pytest.param({"summarizer_mode": "in_place", "summarizer": "ledger"}, False, id="no summary"),
        pytest.param({"summarizer": "native"}, True, id="native"),
    ],
)
async def test_a_job_says_what_the_turns_were_asked_with_where_somebody_reads_it(
    settings: dict[str, str], told: bool
) -> None:
    talk, tools = Talk(), [{"type": "function", "name": "f"}]
    chosen = Settings.model_validate(settings)
    jobs = CompactionJobs(chosen)
    compactor = WindowCompactor(talk.compactions, talk.signals, talk.sealer, chosen, jobs)
    turn = talk.turn("And now?", instructions="Be brief.", tools=tools, prompt_cache_key="k")

    await compactor.compact(turn, entries(LONG), Room(4_000))

    [job] = talk.compactions.jobs.values()
    assert job.head == (PromptHead("m", "Be brief.", tools, "k") if told else None)


async def test_what_is_kept_beside_a_huge_message_leaves_room_for_it() -> None:
    asked = [user(f"Question {number}: {'and so on ' * 100}") for number in range(100)]
    window = entries([*asked, assistant("All noted."), user("See: " + "word " * 38_600)])

    outcome = await compact(Talk(), window, threshold=40_000)

    assert isinstance(outcome, CompactedWindow)
    assert Room(40_000).holds([outcome.entry])
