"""The oracle of chaos runs finds what is wrong: each sentence that it has is heard here."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from standardwebhooks import Webhook

from shared.compaction.record import OPENING
from shared.wire.model import JsonObject
from tests.chaos.load import Story
from tests.chaos.logged import errors_logged
from tests.chaos.news import WEBHOOK_SECRET, wrong_with_webhooks
from tests.chaos.oracle import wrong_with_log, wrong_with_outcome, wrong_with_statuses
from tests.chaos.orders import Order
from tests.chaos.provider import ModelCall
from tests.chaos.windows import wrong_with_window
from tests.fixtures.house import Process
from tests.fixtures.webhook_receiver import Received

MESSAGE = {"type": "message", "status": "completed", "content": [{"type": "output_text", "text": "One two"}]}
COMPACTION = {"type": "compaction", "encrypted_content": "sealed"}


def story(status: str = "completed", *, output: Sequence[JsonObject] = (MESSAGE,), **fields: Any) -> Story:
    """Return what was seen of a response that ended so."""
    ended = {"id": "resp_1", "status": status, "output": [*output]}
    return Story(
        fields.pop("order", Order("m1x", streamed=True)), id="resp_1", ends={status}, ended=ended, **fields
    )


def asked(fate: str = "answered", answer: str = "One two") -> ModelCall:
    return ModelCall(1.0, "worker-0", fate, answer, {})  # type: ignore[arg-type]  # one of its literals


def log_of(told: Story) -> list[JsonObject]:
    """Return the events of a response of one message, as they ought to be."""
    events: list[JsonObject] = [
        {"type": "response.created"},
        {"type": "response.output_item.added", "output_index": 0},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "One "},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "two"},
        {"type": "response.output_item.done", "output_index": 0, "item": MESSAGE},
        {"type": "response.completed", "response": told.ended},
    ]
    return numbered(events)


def numbered(events: Sequence[JsonObject]) -> list[JsonObject]:
    return [event | {"sequence_number": number} for number, event in zip(count(), events, strict=False)]


# How a response ended


@pytest.mark.parametrize(
    ("told", "calls", "sentence"),
    [
        (story(), [asked()], None),
        (story(), [asked("cut"), asked()], None),
        (story(output=[COMPACTION, MESSAGE]), [asked()], None),
        (story(), [asked(answer="One"), asked(answer="two")], "its output is not what the provider said"),
        (story(output=[MESSAGE, MESSAGE]), [asked()], "its output is not what the provider said"),
        (story(), [asked(), asked("cut")], "the provider's last word was cut"),
        (story("failed", output=[]), [asked("cut")], None),
        (story("failed", output=[]), [asked()], "nothing was wrong with the provider"),
        (story("failed", output=[]), [], "nothing was wrong with the provider"),
        (story("cancelled", order=Order("m1x", cancelled_after_seconds=1.0)), [], None),
        (story("cancelled"), [], "it is cancelled, and nobody did that"),
        (story("incomplete"), [asked()], "it ended as 'incomplete'"),
    ],
    ids=[
        "well",
        "well, at the second try",
        "well, compacted",
        "of two calls a part",
        "an item twice",
        "after its last word",
        "failed as the provider did",
        "failed by itself",
        "failed unasked",
        "cancelled",
        "cancelled by nobody",
        "incomplete",
    ],
)
def test_it_knows_how_a_response_may_end(told: Story, calls: list[ModelCall], sentence: str | None) -> None:
    assert_heard(wrong_with_outcome(told, calls), sentence)


@pytest.mark.parametrize(
    ("polled", "ends", "sentence"),
    [
        (["queued", "in_progress", "completed"], {"completed"}, None),
        (["in_progress", "queued", "completed"], {"completed"}, "its poller saw"),
        (["completed", "in_progress", "completed"], {"completed"}, "its poller saw"),
        (["queued", "completed"], {"completed", "failed"}, "these ends: ['completed', 'failed']"),
    ],
    ids=["well", "back in the queue", "on after its end", "two ends"],
)
def test_a_response_goes_forward_to_one_end(polled: list[str], ends: set[str], sentence: str | None) -> None:
    told = story(polled=polled)
    told.ends = ends
    assert_heard(wrong_with_statuses(told), sentence)


# Its events


def gapped(log: list[JsonObject]) -> list[JsonObject]:
    return [*log[:2], *({**event, "sequence_number": event["sequence_number"] + 1} for event in log[2:])]


def ended_twice(log: list[JsonObject]) -> list[JsonObject]:
    return numbered([*log, log[-1]])


def endless(log: list[JsonObject]) -> list[JsonObject]:
    return log[:-1]


def otherwise_ended(log: list[JsonObject]) -> list[JsonObject]:
    return [*log[:-1], log[-1] | {"response": {**log[-1]["response"], "id": "resp_2"}}]


def opened_twice(log: list[JsonObject]) -> list[JsonObject]:
    return numbered([*log[:2], *log[1:]])


def never_opened(log: list[JsonObject]) -> list[JsonObject]:
    return numbered([log[0], *log[2:]])


def misquoted(log: list[JsonObject]) -> list[JsonObject]:
    return [*log[:3], log[3] | {"delta": "three"}, *log[4:]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (numbered, None),
        (gapped, "its events have gaps"),
        (ended_twice, "it has terminal events at [5, 6] of 7"),
        (endless, "it has terminal events at [] of 5"),
        (otherwise_ended, "its terminal event is not what it is"),
        (opened_twice, "its items were opened"),
        (never_opened, "its items were opened"),
        (misquoted, "its deltas do not add up to its output"),
    ],
)
def test_a_log_has_no_gap_one_end_and_the_output(
    change: Callable[[list[JsonObject]], list[JsonObject]], sentence: str | None
) -> None:
    told = story()
    assert_heard(wrong_with_log(change(log_of(told)), told), sentence)


def test_an_item_is_done_once() -> None:
    told = story()
    log = log_of(told)
    found = list(wrong_with_log(numbered([*log[:5], *log[4:]]), told))
    assert [sentence.partition(" ")[0] for sentence in found] == ["its", "the"], found
    assert "closed Counter({0: 2})" in found[0]
    assert "the 2 items that its events told of are not its output" in found[1]


# What the model was given


def turns() -> Story:
    """Return the third of three turns, the second of which compacted the first."""
    first = story(order=Order("m1x"))
    second = story(order=Order("m2x"), previous=first, output=[COMPACTION, MESSAGE])
    return story(order=Order("m3x"), previous=second)


def window(*turns: Story, answer: str = "One two") -> list[JsonObject]:
    said = [
        {"role": role, "content": text}
        for turn in turns
        for role, text in (("user", turn.order.text), ("assistant", answer))
    ]
    return said[:-1]


def record() -> JsonObject:
    return {"role": "user", "content": f"{OPENING} of what was said."}


def test_the_window_is_the_record_and_what_was_said_since() -> None:
    third = turns()
    second, first = third.previous, third.previous and third.previous.previous
    assert second is not None
    assert first is not None
    cases: dict[str | None, list[JsonObject]] = {
        None: [record(), *window(second, third)],
        "its record was not given": window(second, third),
        "is not the end of the window": [record(), *window(third)],
        "what was compacted was given to the model all the same: ['m1x']": [
            record(),
            *window(first, second, third),
        ],
    }
    for sentence, messages in cases.items():
        assert_heard(wrong_with_window(third, {"messages": messages}), sentence)


def test_without_a_compaction_the_window_is_all_that_was_said() -> None:
    first = story(order=Order("m1x"))
    second = story(order=Order("m2x"), previous=first)
    assert_heard(wrong_with_window(second, {"messages": window(first, second)}), None)
    assert_heard(wrong_with_window(second, {"messages": window(second)}), "is not what was said in 2 turns")


# Webhooks


def received(job_id: str, event_type: str, webhook_id: str) -> Received:
    body = json.dumps(
        {"type": event_type, "data": {"id": job_id}, "id": "evt_1", "created_at": 1, "object": "event"}
    )
    now = datetime.now(UTC)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(WEBHOOK_SECRET).sign(webhook_id, now, body),
    }
    return Received(headers, body)


RESPONSE = received("resp_1", "response.completed", "wh_1")
MADE = received("cmp_1", "compaction.completed", "wh_2")


@pytest.mark.parametrize(
    ("news", "sentence"),
    [
        ([RESPONSE, MADE], None),
        ([RESPONSE, RESPONSE, MADE], None),
        ([RESPONSE, MADE, received("cmp_2", "compaction.failed", "wh_3")], None),
        ([MADE], "resp_1: webhooks told None"),
        ([RESPONSE, replace(RESPONSE, headers=received("resp_1", "response.completed", "wh_4").headers), MADE],
         "resp_1: webhooks told Counter({'response.completed': 2})"),
        ([RESPONSE, received("resp_1", "response.failed", "wh_5"), MADE], "resp_1: webhooks told"),
        ([RESPONSE], "cmp_1: webhooks told None"),
        ([RESPONSE, MADE, received("cmp_1", "compaction.failed", "wh_6")], "cmp_1: webhooks told"),
        ([RESPONSE, MADE, received("resp_9", "response.completed", "wh_7")], "resp_9: webhooks told"),
    ],
    ids=["well", "the same twice", "of a forgotten one", "missing", "doubled", "two ends", "compaction missing",
         "two ends of a compaction", "a stranger"],
)  # fmt: skip
def test_each_end_is_told_once(news: list[Received], sentence: str | None) -> None:
    assert_heard(wrong_with_webhooks(news, [story()], {"cmp_1": "completed"}), sentence)


# Logs


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"event": "turn_failed", "level": "error"}', "logged 1 times"),
        ('{"event": "response_ended", "level": "info"}', None),
        ('{"event": "worker_not_started", "error": "ConnectionError", "level": "error"}', None),
        ('{"event": "worker_not_started", "error": "ValidationError", "level": "error"}', "logged 1 times"),
        ("Task exception was never retrieved", "1 tasks failed, and nobody heard of it"),
    ],
)
def test_an_error_that_no_outage_explains_is_found(tmp_path: Path, line: str, sentence: str | None) -> None:
    log = tmp_path / "worker.log"
    log.write_text(f'{{"event": "worker_ready", "level": "info"}}\n{line}\n')
    with Popen(["true"]) as child:
        assert_heard(errors_logged([Process("worker", child, log)]), sentence)


def assert_heard(found: Any, sentence: str | None) -> None:
    """Fail unless that sentence, and no other, was heard; None is silence."""
    heard = list(found)
    assert len(heard) == (sentence is not None), heard
    assert sentence is None or sentence in heard[0]
