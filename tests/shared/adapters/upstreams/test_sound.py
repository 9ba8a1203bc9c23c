"""Half characters and infinite numbers of a provider end at the door."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.upstreams.sound import SoundAnswer, sound
from shared.prompt import (
    AnnotationAdded,
    CallDelta,
    CallStarted,
    Finished,
    ItemProduced,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UpstreamEvent,
)
from shared.wire.items import parse_item
from shared.wire.model import JsonObject

HIGH, LOW, LOST = "\ud83d", "\ude00", "\N{REPLACEMENT CHARACTER}"
FACE = "\N{GRINNING FACE}"
TOKEN: JsonObject = {"token": "a", "logprob": -0.5}
STOP = Finished("stop")


def read(*events: UpstreamEvent) -> list[UpstreamEvent]:
    return list(SoundAnswer().read(events))


CASES: dict[str, tuple[list[UpstreamEvent], list[UpstreamEvent]]] = {
    "halves of one text": (
        [TextDelta("a" + HIGH, [TOKEN]), TextDelta(LOW + "b", [TOKEN])],
        [TextDelta("a", [TOKEN]), TextDelta(FACE + "b", [TOKEN])],
    ),
    "a delta each": ([TextDelta(HIGH, [TOKEN]), TextDelta(LOW, [TOKEN])], [TextDelta(FACE, [TOKEN, TOKEN])]),
    "of another text": (
        [TextDelta(HIGH), RefusalDelta(LOW), STOP],
        [TextDelta(LOST), RefusalDelta(LOST), STOP],
    ),
    "of another part": (
        [TextDelta(HIGH), TextDelta(LOW, begins_part=True)],
        [TextDelta(LOST), TextDelta(LOST, begins_part=True)],
    ),
    "a part that begins with it": (
        [ReasoningDelta(HIGH, begins_part=True), ReasoningDelta(LOW)],
        [ReasoningDelta(FACE, begins_part=True)],
    ),
    "of a call": ([CallDelta(0, "a" + HIGH), CallDelta(0, LOW)], [CallDelta(0, "a"), CallDelta(0, FACE)]),
    "of another call": (
        [CallDelta(0, HIGH), CallDelta(1, LOW), STOP],
        [CallDelta(0, LOST), CallDelta(1, LOST), STOP],
    ),
    "never told": ([TextDelta("a" + HIGH), STOP], [TextDelta("a"), TextDelta(LOST), STOP]),
    "in a name": ([CallStarted(0, HIGH, HIGH)], [CallStarted(0, LOST, LOST)]),
    "in a note": ([AnnotationAdded({"a": [HIGH]})], [AnnotationAdded({"a": [LOST]})]),
    "no chance": (
        [TextDelta("a", [TOKEN | {"logprob": float("-inf"), "top_logprobs": [{"logprob": float("nan")}]}])],
        [TextDelta("a", [TOKEN | {"logprob": -9999.0, "top_logprobs": [{"logprob": -9999.0}]}])],
    ),
    "any other number": ([AnnotationAdded({"a": float("inf")})], [AnnotationAdded({"a": None})]),
    "in an item": (
        [ItemProduced(parse_item({"type": "web_search_call", "a": HIGH}))],
        [ItemProduced(parse_item({"type": "web_search_call", "a": LOST}))],
    ),
}


@pytest.mark.parametrize(("came", "told"), CASES.values(), ids=CASES.keys())
def test_what_cannot_be_encoded_is_put_together_or_replaced(
    came: list[UpstreamEvent], told: list[UpstreamEvent]
) -> None:
    assert read(*came) == told


@given(st.lists(st.text(st.sampled_from(["a", HIGH, LOW, FACE]), max_size=4)))
def test_wherever_a_text_is_cut_it_comes_out_the_same(pieces: list[str]) -> None:
    told = read(*map(TextDelta, pieces), STOP)

    assert "".join(each.text for each in told if isinstance(each, TextDelta)) == sound("".join(pieces))
    assert all(each.text.encode() for each in told if isinstance(each, TextDelta) and each.text)


def test_a_document_is_sound_down_to_its_keys() -> None:
    document = sound(json.loads('{"\\ud83d": [1, 1e999, {"logprob": -Infinity}], "b": true, "c": null}'))

    assert document == {LOST: [1, None, {"logprob": -9999.0}], "b": True, "c": None}
