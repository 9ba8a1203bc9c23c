"""Bad input over HTTP: OpenAI's envelope with code and param, and nothing stored."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
from openai import OpenAI

from tests.fixtures.house import House

ITEM = {"role": "user", "content": "Hi"}
OFFLINE = "hitherto-offline"
TRIGGER = {"type": "compaction_trigger"}
TOOLS = [{"type": "function", "name": "f", "parameters": {}}]
NAMED = {"type": "function", "name": "zzz"}
HUGE = {"model": "m", "input": "x" * 3_000_000}


@pytest.fixture(scope="module")
def door(module_house: House) -> str:
    module_house.settings |= {"MAX_BODY_BYTES": "2000000", "COMPACTION_WAIT_SECONDS": "2"}
    return module_house.start_api()


@pytest.fixture
def untouched(door: str, module_house: House) -> Iterator[None]:
    """The test stores nothing: every key after it was there before it."""
    with redis.Redis.from_url(module_house.redis_url) as store:
        before = set(store.keys("*"))
        yield
        assert set(store.keys("*")) == before


CASES: dict[str, tuple[Any, int, str | None, str | None]] = {
    "malformed JSON": (b'{"model": ', 400, None, None),
    "not an object": (b"[]", 400, None, "invalid_type"),
    "no model": ({"input": "Hi"}, 400, "model", "missing_required_parameter"),
    "no input": ({"model": "m"}, 400, "input", "missing_required_parameter"),
    "unknown key": ({"model": "m", "input": "Hi", "stor": True}, 400, "stor", "unknown_parameter"),
    "wrong type": ({"model": "m", "input": "Hi", "stream": "yes"}, 400, "stream", "invalid_type"),
    "empty input": ({"model": "m", "input": []}, 400, None, "missing_required_parameter"),
    "unknown item type": (
        {"model": "m", "input": [{"type": "bogus_item"}]},
        400,
        "input[0]",
        "invalid_value",
    ),
    "threshold under 1000": (
        {
            "model": "m",
            "input": "Hi",
            "context_management": [{"type": "compaction", "compact_threshold": 999}],
        },
        400,
        "context_management[0].compact_threshold",
        "integer_below_min_value",
    ),
    "unknown previous response": (
        {"model": "m", "input": "Hi", "previous_response_id": "resp_none"},
        400,
        "previous_response_id",
        "previous_response_not_found",
    ),
    "a seal that is not ours": (
        {"model": "m", "input": [{"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAA"}, ITEM]},
        400,
        None,
        "invalid_encrypted_content",
    ),
    "background without store": (
        {"model": "m", "input": "Hi", "background": True, "store": False},
        400,
        "background",
        "unsupported_parameter",
    ),
    "a hosted tool": (
        {"model": "m", "input": "Hi", "tools": [{"type": "web_search"}]},
        400,
        "tools[0].type",
        "unsupported_value",
    ),
    "a tool that is not there": (
        {"model": OFFLINE, "input": "Hi", "background": True, "tools": TOOLS, "tool_choice": NAMED},
        400,
        "tool_choice",
        "invalid_value",
    ),
    "a tool, where there is none": (
        {"model": OFFLINE, "input": "Hi", "tool_choice": "required"},
        400,
        "tool_choice",
        "invalid_value",
    ),
    "a cache to be filled": (
        {"model": OFFLINE, "input": "Hi", "prompt_cache_options": {"prewarm": True}},
        400,
        "prompt_cache_options.prewarm",
        "unsupported_parameter",
    ),
    "an unknown model": ({"model": "m", "input": "Hi"}, 404, "model", "model_not_found"),
    "an unknown model, streamed": (
        {"model": "m", "input": "Hi", "stream": True},
        404,
        "model",
        "model_not_found",
    ),
    "an unknown model in the background": (
        {"model": "m", "input": "Hi", "background": True},
        404,
        "model",
        "model_not_found",
    ),
    "a body over the limit": (HUGE, 413, None, "request_too_large"),
}


@pytest.mark.parametrize(("body", "status", "param", "code"), CASES.values(), ids=CASES.keys())
@pytest.mark.usefixtures("untouched")
def test_it_is_refused_with_its_code_and_param_and_nothing_is_stored(
    door: str, body: Any, status: int, param: str | None, code: str | None
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = httpx.post(f"{door}/responses", content=content)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.usefixtures("untouched")
def test_a_window_of_nothing_cannot_be_compacted(door: str) -> None:
    refused = httpx.post(f"{door}/responses/compact", json={"model": OFFLINE, "input": [TRIGGER]})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "missing_required_parameter"


def test_a_compaction_that_nobody_has_made_yet_did_not_fail(door: str) -> None:
    waiting = httpx.post(f"{door}/responses/compact", json={"model": OFFLINE, "input": "Hi"})
    assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "5")
    assert waiting.json()["error"]["message"].startswith("The compaction is still being made.")


def test_a_body_over_the_limit_is_refused_however_it_is_sent(door: str) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    assert httpx.post(f"{door}/responses", content=chunks()).status_code == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/responses/resp_none"),
        ("DELETE", "/responses/resp_none"),
        ("POST", "/responses/resp_none/cancel"),
    ],
)
def test_an_unknown_response_is_a_404_in_the_envelope(door: str, method: str, path: str) -> None:
    answer = httpx.request(method, f"{door}{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Response with id 'resp_none' not found."


@pytest.mark.parametrize("query", ["starting_after=x", "include_obfuscation=x", "stream=x"])
def test_what_asks_for_events_is_checked_though_there_are_none(door: str, query: str) -> None:
    answer = httpx.get(f"{door}/responses/resp_none?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_type")


def test_an_id_is_not_told_whole(door: str) -> None:
    answer = httpx.get(f"{door}/responses/{'x' * 5000}")
    assert (answer.status_code, len(answer.content) < 300) == (404, True)


def test_an_unknown_address_is_a_404_in_the_envelope(door: str) -> None:
    answer = httpx.post(f"{door}/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Invalid URL (POST /v1/nothing)"


def test_a_seal_that_was_tampered_with_is_refused(module_house: House, door: str) -> None:
    client: OpenAI = module_house.client(door)
    module_house.start_worker()
    compacted = client.responses.compact(model="hitherto-offline", input="A fact to remember: port 8081.")
    item = compacted.output[-1].to_dict(warnings=False)
    sealed = str(item["encrypted_content"])
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    answer = httpx.post(
        f"{door}/responses",
        json={"model": "hitherto-offline", "input": [item | {"encrypted_content": changed}, ITEM]},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        f"The encrypted content for item {item['id']} could not be verified. "
        "Reason: Encrypted content could not be decrypted or parsed."
    )
