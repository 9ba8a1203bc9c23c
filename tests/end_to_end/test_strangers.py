"""What belongs to one key does not exist for another; secrets are told to nobody; a full Redis takes no new work."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from itertools import product
from typing import Any

import httpx
import pytest
import redis
from openai import OpenAI

from api.app import create_app
from api.gate import tenant_of
from shared.adapters.celery import KEY_PREFIX
from shared.adapters.redis import keys
from shared.adapters.sealer import new_key
from shared.settings import Settings
from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House
from tests.fixtures.polling import answer, create, finished, until
from tests.fixtures.routes import PLACES, Ids
from tests.fixtures.traces import Keyspace
from tests.scripted_upstream import Json, Reply, ScriptedUpstream, reply_to_model

OWNER, STRANGER = "sk-canary-owner-5b1f9c", "sk-canary-stranger-77a2d0"
UPSTREAM_KEY, SEALING_KEY = "sk-canary-upstream-c3d4e5", new_key()
HOOK_SECRET = "whsec_" + "Q2FuYXJ5" * 6
# And that of the endpoint that is made here.
SECRETS = [OWNER, STRANGER, UPSTREAM_KEY, SEALING_KEY, HOOK_SECRET]
HOOK: Json = {"name": "n", "url": "http://127.0.0.1:9/hook", "event_types": ["response.completed"]}
PROMPT = "QZSECRETPROMPT"
OVERLOADED = {
    "message": "The server's storage is nearly full: it takes no new work now.",
    "type": "service_unavailable_error",
    "param": None,
    "code": "server_is_overloaded",
}
# What each answer has anew.
VOLATILE = {"x-request-id", "openai-processing-ms", "date"}


def upstream_of(body: Json) -> Reply:
    """Quote the key that it was given where it fails, as some providers do; else do what the model's name says."""
    words = f"Incorrect API key provided: {UPSTREAM_KEY}. You said: {body['messages'][-1]}"
    error: Json = {"message": words, "code": UPSTREAM_KEY, "type": UPSTREAM_KEY}
    match body["model"]:
        case "refused":
            return Reply(status=401, error=error)
        case "breaks":
            return Reply(events=({"error": error},))
        case _:
            return reply_to_model({}, body)  # type: ignore[arg-type]  # it counts nothing here


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(upstream_of) as provider:
        yield provider


@dataclass(frozen=True, slots=True)
class Server:
    """An address, and the processes behind it."""

    address: str
    house: House


@pytest.fixture(scope="module")
def server(module_house: House, upstream: ScriptedUpstream) -> "Server":
    """An API and a worker that log all they can."""
    module_house.settings |= {
        "UPSTREAM_BASE_URL": upstream.base_url,
        "UPSTREAM_API_KEY": UPSTREAM_KEY,
        "ENCRYPTION_KEYS": SEALING_KEY,
        "API_KEYS": f"{OWNER},{STRANGER}",
        "SUMMARIZER": "ledger",
        # Nobody is there: deliveries fail, and say so.
        "WEBHOOK_URL": "http://127.0.0.1:9/operator",
        "WEBHOOK_SECRET": HOOK_SECRET,
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    address = module_house.start_api("--log-level", "debug")
    module_house.start_celery("generation,compaction,housekeeping", log_level="DEBUG")
    return Server(address, module_house)


@pytest.fixture(scope="module")
def store(server: "Server") -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(server.house.redis_url) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with a key, or without one."""

    address: str
    key: str | None

    def ask(
        self, method: str, path: str, *, body: Json | None = None, query: Json | None = None
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        url = f"{self.address.removesuffix('/v1')}{path}"
        return httpx.request(method, url, json=body, params=query, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def owner(server: "Server") -> OpenAI:
    return server.house.client(server.address, api_key=OWNER)


@pytest.fixture(scope="module")
def theirs(owner: OpenAI) -> Ids:
    """One object of each kind of the owner's."""
    history = [{"role": "user", "content": f"Never touch {PROMPT}."}, *long_conversation()]
    made = finished(owner, create(owner, model="m", input=history, stream=False).id)
    [compaction] = [item for item in made.output if item.type == "compaction"]
    conversation = owner.conversations.create(items=[{"type": "message", "role": "user", "content": "Hi"}])
    [item] = owner.conversations.items.list(conversation.id).data
    hook = (
        Asker(str(owner.base_url).rstrip("/"), OWNER).ask("post", "/v1/webhook_endpoints", body=HOOK).json()
    )
    SECRETS.append(hook["signing_secret"])
    return Ids(
        made.id, conversation.id, str(item.id), compaction.id, compaction.encrypted_content, hook["id"]
    )


def nobodys(ids: Ids) -> Ids:
    """Return names of the same shapes that nobody has given, and a seal that is nobody's."""
    return Ids(*(_turned(value) for value in astuple(ids)))


def _turned(value: str) -> str:
    prefix, mark, rest = value.rpartition("_")
    return prefix + mark + (rest[::-1] if mark else rest[:-9] + rest[-9:-1][::-1] + rest[-1])


_NOTHING: Sequence[Any] = (None,)


def cases() -> list[Any]:
    found = []
    for (method, path), place in PLACES.items():
        if place.open or not (place.bodies or place.queries or "_id}" in path):
            continue
        asked = product(place.bodies or _NOTHING, place.queries or _NOTHING)
        for number, (body, query) in enumerate(asked):
            found.append(pytest.param(method, path, body, query, id=f"{method} {path} {number}"))
    return found


def test_every_route_has_its_place() -> None:
    paths = create_app(Settings()).openapi()["paths"]
    assert {(method, path) for path, operations in paths.items() for method in operations} == set(PLACES)


@pytest.mark.parametrize(("method", "path", "body", "query"), cases())
def test_what_is_a_strangers_does_not_exist(
    server: "Server", theirs: Ids, method: str, path: str, body: Any, query: Any
) -> None:
    stranger, unknown = Asker(server.address, STRANGER), nobodys(theirs)
    told = []
    for ids in (theirs, unknown):
        answered = stranger.ask(
            method, ids.in_path(path), body=body and body(ids), query=query and query(ids)
        )
        assert 400 <= answered.status_code < 500, answered.text
        told.append((answered.status_code, _words(answered, ids), _headers(answered)))
    assert told[0] == told[1]


def _words(answered: httpx.Response, ids: Ids) -> str:
    words = answered.text
    for number, value in enumerate(astuple(ids)):
        words = words.replace(value, f"<{number}>")
    return words


def _headers(answered: httpx.Response) -> Json:
    return {name: value for name, value in answered.headers.items() if name not in VOLATILE}


def test_a_strangers_lists_are_empty(server: "Server", theirs: Ids) -> None:
    assert Asker(server.address, STRANGER).ask("get", "/v1/compactions").json()["data"] == []
    assert Asker(server.address, OWNER).ask("get", "/v1/compactions").json()["data"] != []


def test_strangers_have_changed_nothing(owner: OpenAI, theirs: Ids) -> None:
    assert owner.responses.retrieve(theirs.response_id).status == "completed"
    assert owner.conversations.retrieve(theirs.conversation_id).metadata == {}
    [item] = owner.conversations.items.list(theirs.conversation_id).data
    assert item.id == theirs.item_id
    sealed: Any = [
        {"type": "compaction", "encrypted_content": theirs.sealed},
        {"role": "user", "content": "Hi"},
    ]
    assert answer(owner, model="m", input=sealed).status == "completed"


@pytest.mark.parametrize(
    "key", [None, "wrong", OWNER + "x", OWNER[:-1]], ids=["none", "wrong", "longer", "shorter"]
)
def test_without_a_key_nothing_is_told(server: "Server", theirs: Ids, key: str | None) -> None:
    for (method, path), place in PLACES.items():
        body = place.bodies[0](theirs) if place.bodies else None
        told = Asker(server.address, key).ask(method, theirs.in_path(path), body=body)
        assert (told.status_code == 401) is not place.open, (method, path)


def test_no_secret_is_told_to_anybody(
    server: "Server", owner: OpenAI, theirs: Ids, store: "redis.Redis"
) -> None:
    told = [_go_wrong(server)]
    told += [Asker(server.address, None).ask("get", path).text for path in ("/metrics", "/readyz")]
    logs = [process.log.read_text() for process in server.house.processes]
    assert "celery" in "".join(logs), "the logs say nothing"
    password = str(re.search(r":([^:@]+)@", server.house.redis_url)[1])  # type: ignore[index]  # it has one
    keyspace = Keyspace(store, SEALING_KEY, tenant=tenant_of(OWNER))
    for secret in (*SECRETS, password):
        assert not [text for text in [*told, *logs] if secret in text]
        assert keyspace.traces(secret) == []
    assert not [text for text in [*logs, *told[-2:]] if PROMPT in text]
    assert keyspace.kept_for_ever() == []
    assert not [place for place in keyspace.traces(PROMPT) if place.startswith(KEY_PREFIX)]


def _go_wrong(server: "Server") -> str:
    """Fail in many ways with the prompt in all of them, and return all that was answered."""
    told = []
    bodies: list[Json] = [
        {"model": model, "input": PROMPT, **mode}
        for model in ("refused", "breaks")
        for mode in ({}, {"stream": True}, {"background": True})
    ]
    bodies += [{"model": model, "input": PROMPT, "stream": True} for model in ("cut", "overflow")]
    bodies += [{"model": "m", "input": [{"type": PROMPT}]}, {PROMPT: 1}, {"model": "m", "input": 7}]
    asker = Asker(server.address, OWNER)
    for body in bodies:
        answered = asker.ask("post", "/v1/responses", body=body)
        told.append(answered.text)
        if body.get("background"):
            told.append(_ended(asker, answered.json()["id"]))
    return "\n".join(told)


def _ended(asker: Asker, response_id: str) -> str:
    path = f"/v1/responses/{response_id}"
    until(
        lambda: asker.ask("get", path).json()["status"] not in ("queued", "in_progress"), timeout_seconds=30
    )
    return asker.ask("get", path).text


@contextmanager
def nearly_full(server: Server, store: "redis.Redis") -> Iterator[None]:
    """Leave a Redis less than a tenth of its memory, until the end; the server knows of both."""
    store.config_set("maxmemory", int(store.info("memory")["used_memory"] / 0.92))
    asker = Asker(server.address, OWNER)
    try:
        until(lambda: not asker.ask("get", "/readyz").json()["accepts_work"])
        yield
    finally:
        store.config_set("maxmemory", 0)
        until(lambda: bool(asker.ask("get", "/readyz").json()["accepts_work"]))


def test_a_full_redis_takes_no_new_work_and_goes_on_with_what_there_is(
    server: Server, owner: OpenAI, theirs: Ids, store: "redis.Redis", upstream: ScriptedUpstream
) -> None:
    held, cancelled = (begun(owner, upstream) for _ in range(2))
    # Of this end nobody was told yet: its deliveries are made in a full Redis, too.
    finished(owner, create(owner, model="m", input="Hi").id)
    asker, before = Asker(server.address, OWNER), objects_in(store)
    with nearly_full(server, store):
        for (method, path), place in PLACES.items():
            if place.stores:
                refused = asker.ask(method, theirs.in_path(path), body=[*place.bodies, *place.own][0](theirs))
                assert (refused.status_code, refused.json()["error"]) == (503, OVERLOADED), (method, path)
                assert int(refused.headers["retry-after"]) > 0
        assert objects_in(store) <= before
        assert "hitherto_accepts_work 0.0" in asker.ask("get", "/metrics").text

        assert owner.responses.cancel(cancelled).status == "cancelled"
        owner.responses.delete(cancelled)
        upstream.released.set()
        with owner.responses.retrieve(held, stream=True) as events:
            assert list(events)[-1].type == "response.completed"
        assert owner.responses.input_tokens.count(model="m", input="Hi").input_tokens > 0
        assert owner.responses.retrieve(held).output_text == "You said: Hi"
        owner.responses.delete(held)


def objects_in(store: "redis.Redis") -> set[bytes]:
    """Return the keys of all objects but deliveries: those are made of what ended before."""
    names = store.scan_iter(keys.record("*") + "*", count=1_000)
    return {name for name in names if not name.startswith(f"{keys.PREFIX}{{wh_".encode())}


def begun(client: OpenAI, upstream: ScriptedUpstream) -> str:
    """Return a background response that a worker waits for the provider with."""
    seen = len(upstream.requests)
    with client.responses.create(model="held", input="Hi", background=True, stream=True) as events:
        response_id = next(iter(events)).response.id  # type: ignore[union-attr]  # the first one has it
    assert upstream.saw_requests(seen + 1)
    return response_id
