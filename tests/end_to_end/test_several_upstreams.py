"""Several upstreams behind one server: routing, windows, counts and the list of models, through the official SDK."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House
from tests.fixtures.polling import answer, create, finished
from tests.scripted_frames import count_tokens
from tests.scripted_upstream import Json, Reply, ScriptedUpstream
from tests.sessions import Way

FILE = """
[[upstream]]
name = "chat"
base_url = "{chat}"
models = ["say:Chat.", "llama-*"]
context_window_tokens = 2000
rename = {{ "gpt-5" = "say:Renamed." }}

[[upstream]]
name = "responses"
base_url = "{responses}"
api = "responses"
models = ["say:Responses."]

[[upstream]]
name = "counting"
base_url = "{counting}"
models = ["tokens-*"]
context_window_tokens = 100000

[[upstream]]
name = "gone"
base_url = "http://127.0.0.1:9/v1"
models = ["gone-*"]
"""
FACTORS = {"tokens-coarse": 1.3, "tokens-fine": 0.8, "tokens-absurd": 0.01}
WINDOW = long_conversation(30)
WEB_SEARCH = [{"type": "web_search"}]


@pytest.fixture(scope="module")
def chat() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=("llama-4", "hidden")) as provider:
        yield provider


@pytest.fixture(scope="module")
def responses() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as provider:
        yield provider


def reports(body: Json) -> Reply:
    """Report as many tokens as the model's tokenizer makes of the prompt, and what a template adds."""
    factor = FACTORS.get(str(body["model"]))
    tokens = 0 if factor is None else round(60 + factor * count_tokens(body["messages"]))
    return Reply("Fine.", input_tokens=tokens)


@pytest.fixture(scope="module")
def counting() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(reports, models=()) as provider:
        yield provider


@pytest.fixture(scope="module")
def client(
    module_house: House,
    chat: ScriptedUpstream,
    responses: ScriptedUpstream,
    counting: ScriptedUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> OpenAI:
    path: Path = tmp_path_factory.mktemp("upstreams") / "upstreams.toml"
    urls = {"chat": chat.base_url, "responses": responses.base_url, "counting": counting.base_url}
    path.write_text(FILE.format(**urls))
    module_house.settings |= {"UPSTREAMS_FILE": str(path), "CONTEXT_WINDOW_TOKENS": "10000"}
    [address] = module_house.start()
    return module_house.client(address)


@pytest.mark.parametrize(
    ("model", "said"),
    [("say:Chat.", "Chat."), ("say:Responses.", "Responses."), ("gpt-5", "Renamed.")],
    ids=["chat completions", "responses", "renamed"],
)
def test_each_model_is_answered_by_its_own_upstream_under_the_clients_name(
    client: OpenAI, model: str, said: str
) -> None:
    response = client.responses.create(model=model, input="Hi")
    assert (response.output_text, response.model) == (said, model)
    assert client.responses.retrieve(response.id).model == model


def test_a_worker_routes_as_the_api_does(client: OpenAI) -> None:
    response = finished(client, create(client, model="gpt-5", input="Hi").id)
    assert (response.output_text, response.model) == ("Renamed.", "gpt-5")


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_a_model_of_no_upstream_does_not_exist(client: OpenAI, background: bool) -> None:
    with pytest.raises(NotFoundError) as refused:
        client.responses.create(model="gpt-4", input="Hi", background=background)
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")
    assert "The requested model 'gpt-4' does not exist." in refused.value.message
    with pytest.raises(NotFoundError) as refused:
        client.responses.compact(model="gpt-4", input="Hi")
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    ("model", "words"), [("say:Chat.", 3_000), ("say:Responses.", 11_000)], ids=["its own", "the setting's"]
)
def test_each_model_has_its_own_window(client: OpenAI, model: str, words: int) -> None:
    assert client.responses.create(model=model, input="word " * (words // 2)).status == "completed"
    with pytest.raises(BadRequestError) as refused:
        client.responses.create(model=model, input="word " * words)
    assert refused.value.code == "context_length_exceeded"


def test_a_hosted_tool_goes_to_a_responses_upstream_and_to_no_other(
    client: OpenAI, responses: ScriptedUpstream
) -> None:
    assert answer(client, model="say:Responses.", input="Hi", tools=WEB_SEARCH).status == "completed"
    assert responses.requests[-1]["tools"] == WEB_SEARCH
    with pytest.raises(BadRequestError) as refused:
        answer(client, model="say:Chat.", input="Hi", tools=WEB_SEARCH)
    assert refused.value.param == "tools[0].type"


def test_the_models_are_those_of_all_upstreams_that_answer(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["say:Chat.", "gpt-5", "llama-4", "say:Responses."]
    assert client.models.retrieve("llama-4").id == "llama-4"
    with pytest.raises(NotFoundError):
        client.models.retrieve("hidden")


@pytest.mark.parametrize(
    ("model", "factor"),
    [("tokens-coarse", 1.3), ("tokens-fine", 0.8), ("tokens-silent", 1.0), ("tokens-absurd", 1.0)],
)
def test_three_turns_teach_how_a_model_counts(client: OpenAI, model: str, factor: float) -> None:
    for exchanges in (6, 12, 18):
        # Workers learn, the API is asked: they share what is known.
        turn = client.responses.create(model=model, input=long_conversation(exchanges), background=True)  # type: ignore[arg-type]  # plain dicts
        finished(client, turn.id)
    true = 60 * (factor != 1) + factor * count_tokens(WINDOW)

    asked = client.responses.input_tokens.count(model=model, input=WINDOW)  # type: ignore[arg-type]  # plain dicts

    assert -0.05 < asked.input_tokens / true - 1 < 0.08


def test_a_threshold_is_crossed_by_the_models_tokens(client: OpenAI) -> None:
    answer(client, model="tokens-coarse", input=long_conversation(18))
    counted = client.responses.input_tokens.count(model="tokens-unseen", input=WINDOW).input_tokens  # type: ignore[arg-type]  # plain dicts
    management = [{"type": "compaction", "compact_threshold": round(1.1 * counted)}]

    coarse = answer(client, model="tokens-coarse", input=WINDOW, context_management=management)
    other = answer(client, model="tokens-unseen", input=WINDOW, context_management=management)

    assert [item.type for item in coarse.output] == ["compaction", "message"]
    assert [item.type for item in other.output] == ["message"]


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("kind", ["chat", "responses"])
def test_between_compactions_each_prompt_begins_with_the_same_bytes(
    client: OpenAI, request: pytest.FixtureRequest, kind: str, way: Way
) -> None:
    provider: ScriptedUpstream = request.getfixturevalue(kind)
    fields: dict[str, Any] = {
        "model": f"say:{kind.capitalize()}.",
        "instructions": "Be brief.",
        "context_management": [{"type": "compaction", "compact_threshold": 1500}],
    }
    if way is Way.CONVERSATION:
        fields["conversation"] = client.conversations.create().id
    said: list[Any] = long_conversation(20)
    types, prompts = [], []
    for turn in range(11):
        provider.follow()
        response = answer(client, **fields, input=said)
        types.append([item.type for item in response.output])
        prompts.append(_prompt(provider.requests[-1]))
        newest = {"role": "user", "content": f"And shard {turn}?"}
        match way:
            case Way.CHAIN:
                fields["previous_response_id"], said = response.id, [newest]
            case Way.CONVERSATION:
                said = [newest]
            case Way.ARRAY:
                said = [*said, *(item.to_dict() for item in response.output), newest]

    assert types == [["compaction", "message"], *[["message"]] * 10]
    for earlier, later in pairwise(prompts):
        assert later.startswith(earlier)


def _prompt(body: Json) -> str:
    """Return the prompt as it was sent, but for its end."""
    return json.dumps(body.get("messages") or [body["instructions"], body["input"]])[:-1].removesuffix("]")
