"""A session of 500 turns is compacted seldom, stays under its threshold, and costs no more as it gets longer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest

from shared.compaction.plan import protected_items
from shared.prompt import CallDelta, CallStarted, Finished, Prompt, TextDelta
from shared.window.counting import count_item
from shared.wire.model import JsonObject
from tests.fakes import Answer, WordCounter, in_turn, saying, usage
from tests.scripted_replies import SECTIONS
from tests.sessions import Session, Way
from tests.talk import Talk, system, user

Turns: TypeAlias = Callable[[], Iterator[tuple[list[JsonObject], Answer]]]

TURNS = 500
THRESHOLD = 20_000
COUNT = WordCounter().count


def said(words: int, turn: int) -> str:
    return f"Line {turn}: " + "and so on " * (words // 3)


@dataclass
class Cost:
    """What a session has cost: what was asked of the summariser by turn, and the largest window of the model."""

    asked: dict[int, int] = field(default_factory=dict)
    largest: int = 0
    compactions: int = 0

    def between(self, first: int, last: int) -> float:
        """Return what the turns cost: each compaction is for all turns since the one before."""
        rates: list[float] = []
        for turn, tokens in self.asked.items():
            rates += [tokens / (turn + 1 - len(rates))] * (turn + 1 - len(rates))
        rates += rates[-1:] * (TURNS - len(rates))
        return sum(rates[first:last])


def summary(_prompt: Prompt) -> Answer:
    """A summary of the length that real ones have."""
    text = "\n".join(f"## {section}\n- {said(60, 0)}" for section in SECTIONS)
    return [TextDelta(text), Finished("stop", usage(100, 400))]


def answering(text: str) -> Answer:
    return [TextDelta(text), Finished("stop", usage(1, 1))]


def chat_turns() -> Iterator[tuple[list[JsonObject], Answer]]:
    """Ordinary questions and answers."""
    for turn in range(TURNS):
        yield (
            [user(said(90 + 40 * (turn % 5), turn))],
            answering(said(300, turn)),
        )


def tool_turns() -> Iterator[tuple[list[JsonObject], Answer]]:
    """A question now and then, and tool calls with outputs of all sizes."""
    for turn in range(TURNS):
        if turn % 8 == 0:
            yield [user(said(30, turn))], _call(turn)
        else:
            output = said((60, 900, 120, 400)[turn % 4], turn)
            item = {"type": "function_call_output", "call_id": f"c{turn - 1}", "output": output}
            answer = _call(turn) if turn % 8 != 7 else answering(said(40, turn))
            yield [item], answer


def user_turns() -> Iterator[tuple[list[JsonObject], Answer]]:
    """Large messages of the user, and short answers: together they exceed any threshold."""
    for turn in range(TURNS):
        yield [user(said(700 + 100 * (turn % 3), turn))], answering("Noted.")


def _call(turn: int) -> Answer:
    return [
        CallStarted(0, f"c{turn}", "look"),
        CallDelta(0, f'{{"line": {turn}}}'),
        Finished("stop", usage(1, 1)),
    ]


async def run(turns: Turns, way: Way, ahead: float) -> Cost:
    answers: list[Answer] = []
    talk = Talk(lambda _prompt: answers[-1], summarizer=summary, compact_ahead_ratio=ahead)
    session = Session(talk, way, threshold=THRESHOLD)
    cost = Cost()
    for turn, (items, answer) in enumerate(turns()):
        answers.append(answer)
        before = len(talk.summarizer.prompts)
        await session.say(items)
        for prompt in talk.summarizer.prompts[before:]:
            cost.asked[turn] = cost.asked.get(turn, 0) + sum(count_item(item, COUNT) for item in prompt.items)
        cost.largest = max(cost.largest, _beyond_what_is_protected(talk))
    cost.compactions = len(talk.compactions.jobs)
    return cost


def _beyond_what_is_protected(talk: Talk) -> int:
    """Return the size of what the model was given; 0 where that which always stays alone exceeds the threshold."""
    items = talk.seen
    sizes = [count_item(item, COUNT) for item in items]
    alone = sum(sizes[index] for index in protected_items(items, []))
    return 0 if alone > THRESHOLD else sum(sizes)


@pytest.mark.parametrize(
    ("turns", "way", "ahead"),
    [
        pytest.param(chat_turns, Way.CHAIN, 0.8, id="chat, chain, ahead"),
        pytest.param(tool_turns, Way.CONVERSATION, 0.8, id="tools, conversation, ahead"),
        pytest.param(user_turns, Way.ARRAY, 0.8, id="user, array, ahead"),
        pytest.param(tool_turns, Way.ARRAY, 0, id="tools, array, inline"),
    ],
)
async def test_a_session_of_500_turns_never_thrashes(turns: Turns, way: Way, ahead: float) -> None:
    cost = await run(turns, way, ahead)

    assert 2 < cost.compactions <= TURNS / 10
    assert cost.largest <= THRESHOLD
    assert 0 < cost.between(400, 500) <= 1.2 * cost.between(100, 200)


@pytest.mark.parametrize(
    ("instructions", "system_words"),
    [("Be brief. " * 3_000, 0), ("Be brief. " * 1_800, 0), ("", 4_500)],
    ids=["instructions over the threshold", "instructions near the threshold", "a system message over it"],
)
async def test_what_cannot_be_compacted_away_does_not_make_each_turn_compact(
    instructions: str, system_words: int
) -> None:
    talk = Talk(in_turn(saying("Fine.")), summarizer=summary)
    session = Session(talk, Way.CHAIN, threshold=4_000, instructions=instructions)
    await session.say([system(said(system_words, 0)), user("Hello.")])
    for turn in range(60):
        await session.say([user(said(150, turn))])

    assert len(talk.compactions.jobs) <= 8
