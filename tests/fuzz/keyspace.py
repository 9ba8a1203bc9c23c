"""The state that a run leaves: every record ended and readable, nothing of what was refused, nothing for ever."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

from api.gate import LOCAL_TENANT
from shared.adapters.celery import KEY_PREFIX
from shared.adapters.redis import keys
from shared.adapters.redis.encoding import Fields, answer
from shared.errors import HithertoError
from shared.lifecycle import JobStatus
from shared.services import Services
from tests.fuzz.tally import Tally

_SETTLES_SECONDS = 30.0
# What Redis answers for the time that is left of a key that went meanwhile.
_GONE = -2
_ENDED = {b"completed", b"incomplete", b"failed", b"cancelled"}
_WHILE_IT_RUNS = {b"owner", b"lease_until", b"waits_for", b"envelope", b"woken"}
# Kombu notes which queues there are, for ever; whatever else is under its prefix is a message.
_BINDINGS = (f"{KEY_PREFIX}_kombu.binding.", f"{KEY_PREFIX}_kombu.binding_permanent.")
# What a worker that died had taken: Celery's transport gives it back after its visibility timeout.
_TAKEN = (f"{KEY_PREFIX}unacked", f"{KEY_PREFIX}unacked_index", f"{KEY_PREFIX}unacked_mutex")
# Claims that may be asked again, and the gates of upstreams.
_LEFT = (keys.claimed(""), f"{keys.PREFIX}{{upstream:")
_SHARED = (
    keys.AHEAD,
    keys.COUNTERS,
    keys.PACE,
    keys.ENCRYPTION_KEY,
    keys.HOOKED,
    keys.webhooks_of(LOCAL_TENANT),
)
_OPENING, _CLOSING = f"{keys.PREFIX}{{", "}"
_RESERVATION = "idempotency:"
# How a model counts is learned from all tenants' turns.
_CALIBRATION = "calibration:"


async def half_states(services: Services, tally: Tally) -> list[str]:
    """Wait until all work is done, then return a sentence for each key that should not be as it is."""
    return [sentence async for sentence in _half_states(services, tally)]


async def _half_states(services: Services, tally: Tally) -> AsyncIterator[str]:
    if not await _settled(services, tally):
        left = await _messages(services, tally)
        yield f"after {_SETTLES_SECONDS:.0f} s there are still jobs, or messages: {left}"
    names = sorted([name.decode() async for name in services.store.scan_iter(count=1_000)])
    records = {name for name in names if name.startswith(_OPENING) and name.endswith(_CLOSING)}
    for name in names:
        for sentence in await _wrong_with_key(services, name, records, tally):
            yield f"{name}: {sentence}"
    for sentence in _wrong_with_count({_id_in(name) for name in records}, tally):
        yield sentence


async def _settled(services: Services, tally: Tally) -> bool:
    deadline = time.monotonic() + _SETTLES_SECONDS
    while await services.store.exists(keys.WATCH, keys.OUTBOX) or await _messages(services, tally):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


async def _messages(services: Services, tally: Tally) -> list[bytes]:
    names = services.store.scan_iter(match=f"{KEY_PREFIX}*", count=1_000)
    return [name async for name in names if not _is_celerys(name.decode(), tally)]


def _is_celerys(name: str, tally: Tally) -> bool:
    return name.startswith(_BINDINGS) or (tally.workers_died and name in _TAKEN)


async def _wrong_with_key(services: Services, name: str, records: set[str], tally: Tally) -> list[str]:
    if _is_celerys(name, tally):
        return []
    left_ms = await services.store.pttl(name)
    if left_ms == _GONE:
        return []
    if left_ms < 0:
        return ["it is kept for ever"]
    if name in _SHARED or name.startswith(_LEFT):
        return []
    if not name.startswith(_OPENING):
        return ["nobody knows this key"]
    object_id = _id_in(name)
    if object_id.startswith(_RESERVATION):
        return await _wrong_with_reservation(services, name, records, tally)
    if name in records:
        return await _wrong_with_record(services, object_id, tally)
    return await _wrong_with_companion(services, name, records)


async def _wrong_with_companion(services: Services, name: str, records: set[str]) -> list[str]:
    """Say what is wrong with a key that stands beside a record."""
    object_id = _id_in(name)
    # A foreground turn that failed leaves no record, and what was compacted for it to the next try.
    if name == keys.derived(object_id):
        return []
    # Equal requests share a compaction: it goes with the first response that is deleted, the item stays.
    if name == keys.whereabouts(object_id):
        response_id: bytes | None = await answer(services.store.get(name))
        is_there = response_id is not None and keys.record(response_id.decode()) in records
        return [] if is_there else ["its response is gone"]
    return [] if keys.record(object_id) in records else ["its record is gone"]


async def _wrong_with_reservation(
    services: Services, name: str, records: set[str], tally: Tally
) -> list[str]:
    held = json.loads(await answer(services.store.get(name)))
    response_id = held["response_id"]
    known = keys.record(response_id) in records or response_id in tally.deleted
    return [] if known else [f"it is held for {response_id}, which does not exist"]


async def _wrong_with_record(services: Services, object_id: str, tally: Tally) -> list[str]:
    match object_id.partition("_")[0]:
        case "resp":
            return [
                *await _wrong_with_job(services, object_id),
                *await _unreadable_response(services, object_id, tally),
            ]
        case "cmp":
            return [
                *await _wrong_with_job(services, object_id),
                *await _unreadable_compaction(services, object_id),
            ]
        case "wh":
            # It dropped all that would say whose it was.
            return await _wrong_with_job(services, object_id, is_owned=False)
        case "conv":
            return await _wrong_with_conversation(services, object_id)
        case kind if kind.startswith(_CALIBRATION):
            return []
        case _:
            return ["nobody knows this kind of object"]


async def _wrong_with_job(services: Services, object_id: str, *, is_owned: bool = True) -> list[str]:
    fields = await answer(services.store.hgetall(keys.record(object_id)))
    return list(_wrong_with_fields(fields, is_owned=is_owned))


def _wrong_with_fields(fields: Fields, *, is_owned: bool) -> Iterator[str]:
    if fields.get(b"status") not in _ENDED:
        yield f"its status is {fields.get(b'status')!r}"
    left = sorted(_WHILE_IT_RUNS & set(fields))
    if left:
        yield f"it has ended and still has {left}"
    if is_owned and fields.get(b"tenant") != LOCAL_TENANT.encode():
        yield "it is nobody's"


async def _unreadable_response(services: Services, response_id: str, tally: Tally) -> list[str]:
    try:
        stored = await services.responses.load(response_id, LOCAL_TENANT)
        await services.responses.load_turns([response_id], LOCAL_TENANT)
        json.dumps(stored.response.to_json(), allow_nan=False).encode()
    except (HithertoError, ValueError) as unreadable:
        return [_cannot_be_read(unreadable)]
    error = stored.response.error
    if error is not None and error.code == "server_error" and response_id not in tally.failed:
        return [f"it failed: {error.message}"]
    return [] if stored.response.is_terminal else ["it is not shown as ended"]


async def _unreadable_compaction(services: Services, compaction_id: str) -> list[str]:
    try:
        state = await services.compactions.state(compaction_id)
    except (HithertoError, ValueError) as error:
        return [_cannot_be_read(error)]
    if state is not None and state.status is JobStatus.COMPLETED:
        return []
    outcome = await answer(services.store.hget(keys.record(compaction_id), "outcome"))
    return [] if outcome == b"superseded" else ["it did not come about"]


async def _wrong_with_conversation(services: Services, conversation_id: str) -> list[str]:
    _, items, bodies, _ = keys.conversation(conversation_id)
    counts = [await answer(services.store.zcard(items)), await answer(services.store.hlen(bodies))]
    try:
        await services.conversations.load(conversation_id, LOCAL_TENANT)
        found, more = await services.conversations.page(
            conversation_id, LOCAL_TENANT, after=None, limit=max(counts), ascending=True
        )
        # Adding nothing says whether a turn still has it for itself.
        await services.conversations.add(conversation_id, LOCAL_TENANT, [])
    except (HithertoError, ValueError) as error:
        return [_cannot_be_read(error)]
    return (
        [] if [len(found)] * 2 == counts and not more else [f"it shows {len(found)} of its items: {counts}"]
    )


def _cannot_be_read(error: Exception) -> str:
    return f"it cannot be read: {type(error).__name__}: {str(error)[:300]}"


def _wrong_with_count(ids: set[str], tally: Tally) -> Iterator[str]:
    """Compare what is there with what was answered; an id that was deleted and given out again may be either."""
    told = {name for name in ids if name.startswith(("resp_", "conv_"))}
    for name in sorted(told - tally.stored):
        yield f"{name} is stored, and no answer named it"
    for name in sorted(tally.stored - tally.deleted - told):
        yield f"{name} was answered, and is not stored"


def _id_in(name: str) -> str:
    return name.removeprefix(_OPENING).partition(_CLOSING)[0]
