"""Webhooks, from the official SDK's management API to the receiver that checks what came with that SDK."""

from collections.abc import Iterator

import httpx
import pytest
import redis
from openai import BadRequestError, InvalidWebhookSignatureError, NotFoundError, OpenAI
from openai.types.webhooks import WebhookEndpointWithSecret

from shared.adapters.redis import keys
from shared.adapters.webhooks.signing import new_secret
from shared.happenings import EVENT_TYPES
from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House, Process
from tests.fixtures.polling import create, finished, until
from tests.fixtures.webhook_receiver import WebhookReceiver
from tests.scripted_upstream import ScriptedUpstream

OPERATORS_SECRET = new_secret()


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def address(module_house: House, receiver: WebhookReceiver) -> Iterator[str]:
    with ScriptedUpstream() as upstream:
        module_house.settings |= {
            "UPSTREAM_BASE_URL": upstream.base_url,
            "SUMMARIZER": "ledger",
            "API_KEYS": "key-one,key-two",
            "LEASE_SECONDS": "2",
            "WEBHOOK_URL": f"{receiver.address}/operator",
            "WEBHOOK_SECRET": OPERATORS_SECRET,
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "WEBHOOK_RETRY_SECONDS": "0.1",
        }
        yield module_house.start_api()


@pytest.fixture(scope="module")
def worker(module_house: House, address: str) -> Process:
    return module_house.start_worker()


@pytest.fixture
def client(module_house: House, address: str, worker: Process) -> OpenAI:
    return module_house.client(address, api_key="key-one")


@pytest.fixture
def stranger(module_house: House, address: str) -> OpenAI:
    return module_house.client(address, api_key="key-two")


def listen(client: OpenAI, receiver: WebhookReceiver, path: str, *types: str) -> WebhookEndpointWithSecret:
    return client.webhooks.create(
        name=path,
        url=receiver.address + path,
        event_types=list(types or EVENT_TYPES),  # type: ignore[arg-type]  # the SDK knows OpenAI's alone
    )


def outcomes(client: OpenAI, outcome: str) -> float:
    """Return how many deliveries came to this so far."""
    text = httpx.get(str(client.base_url).replace("/v1/", "/metrics")).text
    name = f'hitherto_webhook_deliveries_total{{outcome="{outcome}"}} '
    return next((float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name)), 0)


def until_all_is_told(house: House) -> None:
    """Wait until no end is left to tell of, and no delivery under way."""
    with redis.Redis.from_url(house.redis_url) as store:
        until(
            lambda: (
                not store.exists(keys.OUTBOX)
                and not any(job_id.startswith(b"wh_") for job_id in store.zrange(keys.WATCH, 0, -1))
            )
        )


def test_every_way_to_end_is_told_to_the_endpoint_and_to_the_operator(
    client: OpenAI, receiver: WebhookReceiver
) -> None:
    secret = listen(client, receiver, "/all").signing_secret
    delivered = outcomes(client, "delivered")
    ended = {
        "response.completed": create(client, model="say:Done.", input="Hi").id,
        "response.incomplete": create(client, model="length", input="Hi").id,
        "response.failed": create(client, model="fail:400", input="Hi").id,
        "response.cancelled": create(client, model="slow:30", input="Hi").id,
    }
    client.responses.cancel(ended["response.cancelled"])
    compacted = finished(client, create(client, model="say:Done.", input=long_conversation()).id)
    compaction_id = next(item.id for item in compacted.output if item.type == "compaction")
    expected = {*ended.items(), ("response.completed", compacted.id), ("compaction.completed", compaction_id)}

    theirs, operators = receiver.received("/all", 6), receiver.received("/operator", 6)

    assert {each.told(secret) for each in theirs} == expected
    assert {each.told(OPERATORS_SECRET) for each in operators} == expected
    assert len({each.webhook_id for each in theirs + operators}) == 12
    until(lambda: outcomes(client, "delivered") == delivered + 12)


def test_what_is_not_accepted_is_told_again_under_the_same_id(
    client: OpenAI, receiver: WebhookReceiver
) -> None:
    secret = listen(client, receiver, "/again", "response.completed").signing_secret
    receiver.statuses["/again"] = [500, 302]
    response = create(client, model="say:Done.", input="Hi")

    told = receiver.received("/again", 3)

    assert {each.told(secret) for each in told} == {("response.completed", response.id)}
    assert len({each.webhook_id for each in told}) == 1
    assert len({each.body for each in told}) == 1
    assert receiver.received("/elsewhere", 0) == []


def test_an_endpoint_that_is_gone_is_told_no_more(client: OpenAI, receiver: WebhookReceiver) -> None:
    listen(client, receiver, "/gone", "response.completed")
    receiver.statuses["/gone"] = [410]
    given_up = outcomes(client, "given_up")

    create(client, model="say:Done.", input="Hi")

    until(lambda: outcomes(client, "given_up") == given_up + 1)
    assert len(receiver.received("/gone", 1)) == 1


def test_a_deleted_endpoint_is_told_no_more(client: OpenAI, receiver: WebhookReceiver) -> None:
    endpoint = listen(client, receiver, "/deleted", "response.completed")
    receiver.statuses["/deleted"] = [500] * 100
    dropped = outcomes(client, "dropped")
    create(client, model="say:Done.", input="Hi")
    receiver.received("/deleted", 1)

    assert client.webhooks.delete(endpoint.id).deleted

    until(lambda: outcomes(client, "dropped") == dropped + 1, timeout_seconds=20)


def test_an_endpoint_hears_what_it_asked_for_of_its_own_tenant_only(
    client: OpenAI, stranger: OpenAI, receiver: WebhookReceiver, module_house: House
) -> None:
    listen(client, receiver, "/failures", "response.failed")
    secret = listen(client, receiver, "/successes", "response.completed").signing_secret
    strangers = listen(stranger, receiver, "/strangers")
    response = create(client, model="say:Done.", input="Hi")

    [told] = receiver.received("/successes", 1)

    assert told.told(secret) == ("response.completed", response.id)
    until(
        lambda: response.id in {each.told(OPERATORS_SECRET)[1] for each in receiver.received("/operator", 1)}
    )
    until_all_is_told(module_house)
    assert receiver.received("/failures", 0) == []
    assert receiver.received("/strangers", 0) == []
    with pytest.raises(NotFoundError, match=strangers.id):
        client.webhooks.retrieve(strangers.id)
    assert [endpoint.id for endpoint in stranger.webhooks.list()] == [strangers.id]


def test_a_rotated_secret_signs_beside_the_old_one_if_that_is_kept(
    client: OpenAI, receiver: WebhookReceiver
) -> None:
    first = listen(client, receiver, "/rotated", "response.completed")
    second = client.webhooks.rotate_secret(first.id, keep_old_secret_active_for_24_hours=True)
    client.webhooks.test(first.id, event_type="response.completed")
    third = client.webhooks.rotate_secret(first.id)
    client.webhooks.test(first.id, event_type="response.completed")

    both, alone = receiver.received("/rotated", 2)

    assert both.told(first.signing_secret) == both.told(second.signing_secret)
    alone.told(third.signing_secret)
    for earlier in (first, second):
        with pytest.raises(InvalidWebhookSignatureError):
            alone.told(earlier.signing_secret)


def test_endpoints_are_created_listed_changed_tested_and_deleted(
    stranger: OpenAI, receiver: WebhookReceiver
) -> None:
    for endpoint in stranger.webhooks.list():
        stranger.webhooks.delete(endpoint.id)
    made = [listen(stranger, receiver, f"/{name}", "response.failed") for name in ("a", "b", "c")]
    found = stranger.webhooks.retrieve(made[0].id)
    assert found.to_dict() == {
        "id": made[0].id,
        "object": "webhook_endpoint",
        "created_at": made[0].created_at,
        "updated_at": made[0].created_at,
        "name": "/a",
        "url": f"{receiver.address}/a",
        "event_types": ["response.failed"],
        "signing_secret_hint": f"whsec_***{made[0].signing_secret[-4:]}",
    }
    assert [endpoint.name for endpoint in stranger.webhooks.list(limit=2)] == ["/c", "/b", "/a"]
    page = stranger.webhooks.list(limit=1, after=made[2].id)
    assert ([endpoint.name for endpoint in page.data], page.has_more) == (["/b"], True)

    changed = stranger.webhooks.update(made[0].id, name="other", url=f"{receiver.address}/d")
    assert (changed.name, changed.event_types) == ("other", ["response.failed"])
    receiver.statuses["/d"] = [418]
    result = stranger.webhooks.test(made[0].id, event_type="response.cancelled")
    assert (result.status_code, result.success, result.webhook_endpoint_id) == (418, True, made[0].id)
    [sample] = receiver.received("/d", 1)
    assert sample.told(made[0].signing_secret)[0] == "response.cancelled"

    deleted = stranger.webhooks.delete(made[0].id)
    assert (deleted.id, deleted.object, deleted.deleted) == (made[0].id, "webhook_endpoint.deleted", True)
    assert stranger.webhooks.event_types.list().data == list(EVENT_TYPES)


def test_what_is_wrong_with_an_endpoint_is_said_in_openais_words(
    stranger: OpenAI, receiver: WebhookReceiver
) -> None:
    good = {"name": "n", "url": f"{receiver.address}/", "event_types": ["response.failed"]}
    for change, code, param in (
        ({"event_types": ["batch.completed"]}, "invalid_value", "event_types[0]"),
        ({"event_types": []}, "empty_array", "event_types"),
        ({"name": ""}, "empty_string", "name"),
        ({"url": "ftp://example.com/"}, "invalid_value", "url"),
        ({"url": "https://10.0.0.1/"}, "invalid_value", "url"),
        ({"url": 7}, "invalid_type", "url"),
        ({"color": "red"}, "unknown_parameter", "color"),
    ):
        with pytest.raises(BadRequestError) as refused:
            stranger.post("/webhook_endpoints", cast_to=object, body=good | change)
        assert (refused.value.code, refused.value.param) == (code, param)
    for missing in good:
        body = {name: value for name, value in good.items() if name != missing}
        with pytest.raises(BadRequestError, match=f"Missing required parameter: '{missing}'"):
            stranger.post("/webhook_endpoints", cast_to=object, body=body)


def test_an_unknown_endpoint_is_a_404_and_one_that_is_away_is_said_to_be(stranger: OpenAI) -> None:
    for call in (
        lambda: stranger.webhooks.retrieve("we_none"),
        lambda: stranger.webhooks.update("we_none", name="x"),
        lambda: stranger.webhooks.rotate_secret("we_none"),
        lambda: stranger.webhooks.test("we_none", event_type="response.failed"),
        lambda: stranger.webhooks.delete("we_none"),
    ):
        with pytest.raises(NotFoundError, match="Webhook endpoint with id 'we_none' not found"):
            call()
    with WebhookReceiver() as short_lived:
        endpoint = listen(stranger, short_lived, "/away")
    with pytest.raises(BadRequestError, match="gave no answer") as refused:
        stranger.webhooks.test(endpoint.id, event_type="response.failed")
    assert refused.value.code == "webhook_endpoint_unreachable"


def test_an_event_whose_worker_is_killed_while_it_tells_is_told_by_another(
    client: OpenAI, receiver: WebhookReceiver, module_house: House, worker: Process
) -> None:
    secret = listen(client, receiver, "/killed", "response.completed").signing_secret
    release = receiver.hold("/killed")
    response = create(client, model="say:Done.", input="Hi")
    receiver.received("/killed", 1)

    worker.kill()
    release()
    module_house.start_worker("housekeeping")

    told = receiver.received("/killed", 2)
    assert {each.told(secret) for each in told} == {("response.completed", response.id)}
    assert len({each.webhook_id for each in told}) == 1
