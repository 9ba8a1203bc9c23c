"""The scripted upstream speaks OpenAI's APIs: the official client is the judge."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.scripted_upstream import Call, Reply, ScriptedUpstream, in_turn


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as scripted:
        yield scripted


def client_of(base_url: str, max_retries: int = 0) -> openai.OpenAI:
    return openai.OpenAI(base_url=base_url, api_key="k", max_retries=max_retries, timeout=5)


def say(client: openai.OpenAI, model: str) -> str | None:
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello there"}]
    )
    return answer.choices[0].message.content


def test_answers_whole_or_streamed_by_either_api(upstream: ScriptedUpstream) -> None:
    upstream.script = in_turn(Reply("Hi there", calls=(Call("lookup"),)))
    with client_of(upstream.base_url) as client:
        whole = client.chat.completions.create(model="m", messages=[])
        with client.chat.completions.stream(model="m", messages=[]) as stream:
            streamed = stream.get_final_completion()
        response = client.responses.create(model="m", input="Hello")
        with client.responses.stream(model="m", input="Hello") as events:
            final = events.get_final_response()

    assert whole.choices[0].message.content == streamed.choices[0].message.content == "Hi there"
    assert response.output_text == final.output_text == "Hi there"
    assert [item.type for item in final.output] == ["message", "function_call"]
    assert len(upstream.requests) == 4


def test_a_models_name_says_what_happens(upstream: ScriptedUpstream) -> None:
    with client_of(upstream.base_url, max_retries=2) as client:
        assert say(client, "anything") == "You said: Hello there"
        assert say(client, "say:Good day") == "Good day"
        assert say(client, "flaky:1") == "You said: Hello there"
        with pytest.raises(openai.InternalServerError):
            say(client, "fail:503")
        with pytest.raises(openai.BadRequestError, match="Too long"):
            say(client, "overflow")
        with pytest.raises(openai.APIConnectionError):
            say(client, "drop")


def test_counts_a_client_that_hangs_up(upstream: ScriptedUpstream) -> None:
    with (
        client_of(upstream.base_url).with_options(timeout=0.2) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        say(client, "hang")

    assert upstream.saw_disconnects(1)


def test_runs_as_a_process_of_its_own() -> None:
    script = Path(__file__).with_name("scripted_upstream.py")
    with subprocess.Popen(
        [sys.executable, script, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        with client_of(process.stdout.readline().strip()) as client:
            said = say(client, "anything")
        process.terminate()

    assert said == "You said: Hello there"
