"""`Idempotency-Key`: a POST that is sent again returns the response of the first one."""

from typing import Any

import httpx
import pytest

from tests.fixtures.polling import RUNNING, until
from tests.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="module")
def door(plain_address: str) -> str:
    return f"{plain_address}/responses"


@pytest.mark.parametrize(
    "fields",
    [{}, {"background": True}, {"stream": True}, {"stream": True, "background": True}],
    ids=["foreground", "background", "stream", "background stream"],
)
def test_a_repeated_request_is_the_same_response_and_asks_the_upstream_once(
    door: str, upstream: ScriptedUpstream, fields: dict[str, Any]
) -> None:
    body = {"model": "say:Once.", "input": "Hi", **fields}
    key = f"key-{sorted(fields)}"
    first, second = (post(door, body, key) for _ in range(2))
    assert response_id(first) == response_id(second)
    until_asked(door, response_id(first))
    assert len(upstream.requests) == 1


def test_another_request_under_the_same_key_is_refused(door: str) -> None:
    assert post(door, {"model": "say:One.", "input": "Hi"}, "reused").status_code == 200
    refused = post(door, {"model": "say:Two.", "input": "Hi"}, "reused")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "idempotency_key_reused")


def test_while_the_first_one_runs_the_second_is_told_to_come_back(door: str) -> None:
    body = {"model": "slow:2", "input": "Hi"}
    with httpx.stream(
        "POST", door, json=body | {"stream": True}, headers={"idempotency-key": "slow"}
    ) as first:
        lines = first.iter_lines()  # httpx hangs up when its iterator goes
        next(lines)
        second = post(door, body | {"stream": True}, "slow")
    assert (second.status_code, second.headers.get("retry-after")) == (409, "1"), second.text


def test_a_request_that_failed_may_be_sent_again(door: str, upstream: ScriptedUpstream) -> None:
    body = {"model": "fail:400", "input": "Hi"}
    assert post(door, body, "failing").status_code == post(door, body, "failing").status_code == 400
    assert len(upstream.requests) == 2
    first, second = (post(door, body | {"stream": True}, "failing stream") for _ in range(2))
    assert response_id(first) != response_id(second)


def test_a_background_request_that_was_refused_leaves_its_key_free(door: str) -> None:
    item = {"role": "user", "content": "Hi", "id": "msg_there"}
    conversation = httpx.post(door.replace("responses", "conversations"), json={"items": [item]}).json()["id"]
    body = {"model": "say:Yes.", "input": [item], "conversation": conversation, "background": True}
    assert post(door, body, "refused").status_code == 400
    assert post(door, body | {"input": "Hi"}, "refused").status_code == 200


def post(door: str, body: dict[str, Any], key: str) -> httpx.Response:
    return httpx.post(door, json=body, headers={"idempotency-key": key}, timeout=30)


def response_id(answer: httpx.Response) -> str:
    text = answer.text
    start = text.index('"id":"resp_') + len('"id":"')
    return text[start : text.index('"', start)]


def until_asked(door: str, created: str) -> None:
    until(lambda: httpx.get(f"{door}/{created}").json()["status"] not in RUNNING)
