"""Nothing is left of what was deleted, was not to be stored, or has expired: in no key, whatever derived it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
from openai import OpenAI

from api.gate import LOCAL_TENANT
from shared.adapters.sealer import new_key
from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House
from tests.fixtures.polling import answer, finished, until
from tests.fixtures.traces import Keyspace
from tests.scripted_replies import SECTIONS, asks_for_a_summary, last_user_text
from tests.scripted_upstream import Json, Reply, ScriptedUpstream

MANAGEMENT = [{"type": "compaction", "compact_threshold": 2000}]
# Crossed by the turn after the next: its compaction is made ahead.
AHEAD = [{"type": "compaction", "compact_threshold": 4000}]
KEY = new_key()


def upstream_of(body: Json) -> Reply:
    """Quote the newest user message in answers and in summaries; do what some models' names say."""
    said = last_user_text(body)
    if asks_for_a_summary(body):
        return Reply("\n".join(f"## {section}\n- {said[-300:]}" for section in SECTIONS))
    match body["model"]:
        case "fail":
            return Reply(status=400)
        case "held":
            return Reply(said[:200], held=True)
        case _:
            return Reply(f"You said {said[:200]}")


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(upstream_of) as provider:
        yield provider


@pytest.fixture(scope="module")
def client(module_house: House, upstream: ScriptedUpstream) -> OpenAI:
    module_house.settings |= {"UPSTREAM_BASE_URL": upstream.base_url, "ENCRYPTION_KEYS": KEY}
    [address] = module_house.start()
    return module_house.client(address)


@pytest.fixture(scope="module")
def keyspace(module_house: House, client: OpenAI) -> Iterator[Keyspace]:
    with redis.Redis.from_url(module_house.redis_url) as store:
        yield Keyspace(store, KEY, tenant=LOCAL_TENANT)


def marked(mark: str, *, exchanges: int = 40) -> list[Json]:
    """Return a long conversation with a mark in each place of its items that holds a client's text."""
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": f'{{"at": "{mark}"}}'}
    output = {"type": "function_call_output", "call_id": "c1", "output": f"Found {mark}-output."}
    rule = {"role": "user", "content": f"Never touch {mark}-rule before Friday."}
    return [rule, call, output, *long_conversation(exchanges), {"role": "user", "content": f"And {mark}?"}]


def texts(mark: str) -> Json:
    """Return the marked fields of a request beside its input."""
    return {"instructions": f"Think of {mark}-instructions.", "metadata": {"topic": f"{mark}-metadata"}}


def preview(client: OpenAI, mark: str) -> None:
    body = {"model": "m", "input": marked(mark), "context_management": MANAGEMENT}
    httpx.post(f"{client.base_url}compactions/preview", json=body).raise_for_status()


class Talk:
    """Turns over every path; what they came to is deleted at the end."""

    def __init__(self, client: OpenAI, upstream: ScriptedUpstream, mark: str) -> None:
        self._client = client
        self._upstream = upstream
        self._mark = mark
        self.responses: list[str] = []
        self.conversations: list[str] = []

    def take_every_path(self) -> None:
        self._foreground()
        self._chain_that_is_compacted_ahead()
        self._background()
        self._conversation()
        self._compact_endpoint()
        self._undone()
        self._failed_and_cancelled()
        preview(self._client, self._mark)

    def _say(self, said: Any, model: str = "m", **fields: Any) -> str:
        given = {"model": model, "input": said, **texts(self._mark), **fields}
        response = answer(self._client, **given)
        self.responses.append(response.id)
        if fields.get("background") and model != "held":
            finished(self._client, response.id)
        return response.id

    def _foreground(self) -> None:
        self._say(f"Hello {self._mark}", extra_headers={"idempotency-key": f"{self._mark}-key"})
        self._say(marked(self._mark), context_management=MANAGEMENT)
        self._stream(f"Hello {self._mark}")

    def _stream(self, said: Any, **fields: Any) -> None:
        given = {"model": "m", "input": said, **texts(self._mark), **fields}
        with self._client.responses.create(stream=True, **given) as events:
            self.responses.append(list(events)[-1].response.id)

    def _chain_that_is_compacted_ahead(self) -> None:
        first = self._say(marked(f"{self._mark}-ahead", exchanges=36), context_management=AHEAD)
        # Nobody ever comes to use this one: it is no item of any response.
        until(lambda: self._client.get("/compactions", cast_to=httpx.Response).json()["data"][0]["ahead"])
        self._say("Go on.", previous_response_id=first)

    def _background(self) -> None:
        self._say(marked(f"{self._mark}-2"), background=True, context_management=MANAGEMENT)
        self._stream(marked(f"{self._mark}-3"), background=True, context_management=MANAGEMENT)

    def _conversation(self) -> None:
        item: Any = {"type": "message", "role": "user", "content": f"First {self._mark}"}
        conversation = self._client.conversations.create(items=[item], metadata={"topic": self._mark}).id
        self.conversations.append(conversation)
        self._say(f"Hello {self._mark}", conversation=conversation)
        self._say(
            marked(f"{self._mark}-4"),
            conversation=conversation,
            background=True,
            context_management=MANAGEMENT,
        )

    def _compact_endpoint(self) -> None:
        given: Any = marked(f"{self._mark}-5")
        made = self._client.responses.compact(model="m", input=given, instructions=f"Keep {self._mark}")
        self.responses.append(made.id)
        self._say(f"On, {self._mark}", previous_response_id=made.id)

    def _undone(self) -> None:
        first = self._say(marked(f"{self._mark}-6"), context_management=MANAGEMENT)
        item = next(i for i in self._client.responses.retrieve(first).output if i.type == "compaction")
        self._client.post(f"/compactions/{item.id}/undo", cast_to=httpx.Response)
        self._say(f"On, {self._mark}", previous_response_id=first, context_management=MANAGEMENT)

    def _failed_and_cancelled(self) -> None:
        self._say(marked(f"{self._mark}-7"), "fail", background=True, context_management=MANAGEMENT)
        seen = len(self._upstream.requests)
        running = self._say(marked(f"{self._mark}-8"), "held", background=True, context_management=MANAGEMENT)
        assert self._upstream.saw_requests(seen + 2, timeout_seconds=20)  # the summary's, and the turn's
        self._client.responses.cancel(running)

    def delete_all(self) -> None:
        for response_id in self.responses:
            self._client.responses.delete(response_id)
        for conversation_id in self.conversations:
            self._client.conversations.delete(conversation_id)


def test_nothing_is_left_of_what_was_deleted(
    client: OpenAI, upstream: ScriptedUpstream, keyspace: Keyspace
) -> None:
    talk = Talk(client, upstream, "QZMARK77")
    talk.take_every_path()
    assert len(keyspace.traces("QZMARK77")) > 50
    assert keyspace.kept_for_ever() == []
    talk.delete_all()
    assert keyspace.traces("QZMARK77") == []
    assert keyspace.kept_for_ever() == []


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
def test_nothing_is_left_of_an_answer_that_was_not_to_be_stored(
    client: OpenAI, keyspace: Keyspace, streams: bool
) -> None:
    mark = f"QZPRIVATE{streams}"
    fields: Any = {"model": "m", "input": marked(mark), "store": False, "context_management": MANAGEMENT}
    with client.responses.with_streaming_response.create(stream=streams, **fields, **texts(mark)) as told:
        assert mark.lower() in told.read().decode().lower()
    assert keyspace.traces(mark) == []
