"""The offline upstream: it answers with the conversation's own lines, and says so."""

import random
import threading

import pytest

from shared.adapters.upstreams.offline.upstream import NOTHING_FOUND, OFFLINE_MODEL, QUOTING, OfflineUpstream
from shared.errors import UpstreamError
from shared.prompt import Finished, Prompt, Sampling, TextDelta
from shared.wire.items import FunctionCallOutput, Item, Message


class WordCounter:
    """A TokenCounter to whom a word is a token; it remembers the threads that it was called on."""

    def __init__(self) -> None:
        self.threads: set[threading.Thread] = set()

    def count(self, text: str) -> int:
        self.threads.add(threading.current_thread())
        return len(text.split())


def user(text: str) -> Message:
    return Message(role="user", content=text)


def assistant(text: str) -> Message:
    return Message(role="assistant", content=text)


async def answer_to(*items: Item, instructions: str | None = None) -> str:
    stream = OfflineUpstream(WordCounter()).stream(Prompt(OFFLINE_MODEL, list(items), instructions))
    return "".join([event.text async for event in stream if isinstance(event, TextDelta)])


def filler(sentences: int) -> list[Item]:
    """Return turns that talk about nothing that a test asks for."""
    words = [
        "build",
        "cache",
        "logs",
        "rotate",
        "nightly",
        "load",
        "tests",
        "pass",
        "requests",
        "wait",
        "replies",
    ]
    chance = random.Random(7)
    texts = [" ".join(chance.choices(words, k=12)) + f" {number}." for number in range(sentences)]
    return [user(text) if number % 2 else assistant(text) for number, text in enumerate(texts)]


FACTS: list[Item] = [
    user("My deployment key is ZX-4471-alpha. Never publish on Fridays."),
    user("The staging database listens on port 5433."),
    assistant("I renamed parse_header to read_header in src/http/header.py."),
    FunctionCallOutput(call_id="1", output="ok\nE1042: certificate of db-7 has expired\nok"),
    user("数据库的密码每周更换。"),
]


@pytest.mark.parametrize(
    ("question", "line"),
    [
        pytest.param("What is my deployment key?", "My deployment key is ZX-4471-alpha.", id="words"),
        pytest.param("Tell me the port of the staging database", "The staging database listens on port 5433.", id="order"),
        pytest.param("What became of parseHeader?", "I renamed parse_header to read_header in src/http/header.py.", id="identifier"),
        pytest.param("What does e1042 mean?", "E1042: certificate of db-7 has expired", id="tool output"),
        pytest.param("When should I not be publishing?", "Never publish on Fridays.", id="another ending"),
        pytest.param("数据库的密码多久更换?", "数据库的密码每周更换。", id="Chinese"),
    ],
)  # fmt: skip
async def test_quotes_the_line_that_answers_the_question(question: str, line: str) -> None:
    answer = await answer_to(*filler(40), *FACTS, *filler(40), user(question))

    assert answer == f"{QUOTING}\n{line}"


async def test_quotes_several_lines_best_first_and_none_twice() -> None:
    answer = await answer_to(
        user("The cache lives in Redis."),
        user("The cache in Redis is flushed at noon."),
        assistant("The cache lives in Redis!"),
        user("What about the Redis cache?"),
    )

    lines = answer.splitlines()
    assert lines[0] == QUOTING
    assert len(lines) == 3
    assert all(line.startswith("- ") for line in lines[1:])


async def test_a_later_line_comes_before_an_earlier_one_of_the_same_words() -> None:
    answer = await answer_to(user("The port is 8080."), user("The port is 9090."), user("Which port?"))

    assert answer.splitlines()[1] == "- The port is 9090."


async def test_never_quotes_a_heading() -> None:
    listed = user(
        "## Files\n- edited: src/http/header.py, src/http/query.py, docs/http.md, and tests of all three"
    )

    assert "src/http/header.py" in await answer_to(*filler(40), listed, user("Which files did we edit?"))
    assert "Files" not in await answer_to(*filler(40), listed, user("Which files did we edit?"))


async def test_never_quotes_the_question() -> None:
    asked = user("Where is the harbour?")

    assert await answer_to(asked, assistant("I do not know."), asked) == NOTHING_FOUND


async def test_reads_what_the_newest_message_says_beside_its_question() -> None:
    assert await answer_to(user("The port is 8080. What is the port?")) == f"{QUOTING}\nThe port is 8080."


@pytest.mark.parametrize("filling", ["so on and ", "x"], ids=["words", "no spaces"])
async def test_quotes_of_an_endless_line_only_the_part_that_answers(filling: str) -> None:
    endless = f"{filling * 200} The harbour code is 7741. {filling * 200}"

    answer = await answer_to(user(endless.replace(".", ",")), user("What is the harbour code?"))

    assert "The harbour code is 7741" in answer
    assert len(answer) < 500


async def test_puts_an_order_at_the_end_of_a_long_message_to_what_that_message_says() -> None:
    message = "The port is 8080.\nThe host is example.org.\nThe user is ada.\nState the port."

    assert await answer_to(user(message)) == f"{QUOTING}\nThe port is 8080."


async def test_reads_the_instructions_too() -> None:
    answer = await answer_to(user("What is the refund limit?"), instructions="The refund limit is 40 EUR.")

    assert answer == f"{QUOTING}\nThe refund limit is 40 EUR."


@pytest.mark.parametrize(
    "items", [[], [user("Hello")], [assistant("Hi")]], ids=["empty", "greeting", "nobody asked"]
)
async def test_says_what_it_is_when_it_finds_nothing(items: list[Item]) -> None:
    assert await answer_to(*items) == NOTHING_FOUND


async def test_counts_what_it_read_and_wrote() -> None:
    prompt = Prompt(OFFLINE_MODEL, [user("The port is 8080."), user("Which port?")], "Be brief.")

    events = [event async for event in OfflineUpstream(WordCounter()).stream(prompt)]

    assert isinstance(finished := events[-1], Finished)
    assert finished.usage is not None
    assert finished.usage.input_tokens == 2 + 4 + 2
    assert finished.usage.output_tokens == len(f"{QUOTING} The port is 8080.".split())


async def test_the_text_of_a_limited_answer_is_what_its_usage_says() -> None:
    prompt = Prompt(OFFLINE_MODEL, [user("Hello")], sampling=Sampling(max_output_tokens=10))

    *words, finished = [event async for event in OfflineUpstream(WordCounter()).stream(prompt)]

    text = "".join(event.text for event in words if isinstance(event, TextDelta))
    assert NOTHING_FOUND.startswith(text)
    assert isinstance(finished, Finished)
    assert finished.usage is not None
    assert finished.usage.output_tokens == len(text.split()) == 8


async def test_answers_only_for_its_own_name() -> None:
    with pytest.raises(UpstreamError, match="'gpt-5' does not exist") as failure:
        await anext(OfflineUpstream(WordCounter()).stream(Prompt("gpt-5", [user("Hello")])))

    assert (failure.value.code, failure.value.status) == ("model_not_found", 404)


async def test_reads_a_window_of_60000_tokens_beside_the_event_loop() -> None:
    counter = WordCounter()
    window: list[Item] = [*FACTS, *filler(4700), user("What is my deployment key?")]

    events = [event async for event in OfflineUpstream(counter).stream(Prompt(OFFLINE_MODEL, window))]

    assert isinstance(finished := events[-1], Finished)
    assert finished.usage is not None
    assert finished.usage.input_tokens > 60_000
    assert len(counter.threads) == 2
