"""Responses in Redis: the content of their records, and their event log."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.conversation_script import ConversationScript, accepted
from shared.adapters.redis.derived import DerivedCompactions
from shared.adapters.redis.encoding import (
    Fields,
    answer,
    decode_items,
    decode_json,
    encode_items,
    encode_json,
    integer,
    present,
    text,
)
from shared.adapters.redis.item_index import ItemIndex, entries_of
from shared.adapters.redis.job_script import Beside
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.scripts import execute
from shared.errors import LeaseLost, NotFound
from shared.jobs import GENERATE
from shared.lifecycle import Ending, JobStatus, Lease, NewJob
from shared.partial import fold
from shared.settings import Settings
from shared.turns import Place, StoredResponse, StoredTurn, Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.events import encode, opening_events
from shared.wire.items import Compaction, CompactionTrigger, Item, parse_items
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse
from shared.wire.responses import Response, ResponseError
from shared.wire.wording import shown

_IN_PROGRESS = ("running", "waiting")
_EVENT = b"e"

# The fields that each reader needs: a poll does not fetch the history, nor a chain the request.
_POLLED = (
    "tenant",
    "status",
    "attempt",
    "head",
    "output",
    "streams",
    "events",
    "error_code",
    "error_message",
)
_RUNNING = ("tenant", "request", "head", "input")
_CHAINED = ("tenant", "status", "base", "input", "output", "path", "whole_path", "conversation", "position")


class RedisResponses:
    """The ports `Responses` and `EventLog` on Redis."""

    def __init__(self, store: Redis, jobs: RedisJobs, settings: Settings) -> None:
        self._store = store
        self._jobs = jobs
        self._conversations = ConversationScript(store, settings)
        self._index = ItemIndex(store, settings)
        self._derived = DerivedCompactions(store, jobs, settings)
        self._ttl_ms = settings.response_ttl_seconds * 1000
        self._deadline_seconds = settings.response_deadline_seconds

    async def enqueue(self, turn: Turn) -> None:
        """Store a background response as queued and ring for it, in one step. Raises TooManyRequests.

        A turn of a conversation takes that in the same step, and raises what the port says when it cannot.
        """
        job = NewJob(
            id=turn.id,
            type=GENERATE,
            fields=_before_it_runs(turn),
            events=encode(opening_events(turn.head)),
            deadline_seconds=self._deadline_seconds,
        )
        if turn.request.conversation_id is None:
            await self._jobs.create(job)
        else:
            await self._enqueue_in_conversation(turn, job, turn.request.conversation_id)

    async def save(self, turn: Turn, result: TurnResult) -> None:
        """Store a foreground response that has ended; its conversation grows by its items in the same step.

        Raises ConversationLocked when it is to grow and another turn has taken it; nothing is stored then.
        """
        fields = {"tenant": turn.tenant.encode(), **_conversation_of(turn), **_after_it_ran(result)}
        await self._jobs.store(
            turn.id,
            result.response.status,
            fields,
            conversation_id=turn.request.conversation_id,
            entries=entries_of(result.response.output),
            beside=self._beside_its_end(turn, result),
        )

    async def load_turn(self, lease: Lease) -> Turn:
        """Return the turn behind a lease. Raises LeaseLost when it is gone."""
        fields = await self._fields(lease.job_id, _RUNNING)
        if b"request" not in fields:
            raise LeaseLost(f"{lease.job_id} is gone.")
        return Turn(
            tenant=text(fields, "tenant"),
            request=CreateResponse.from_json(decode_json(fields[b"request"])),
            head=Response.model_validate(decode_json(fields[b"head"])),
            input=[entry.item for entry in decode_items(fields[b"input"])],
        )

    async def load(self, response_id: str, tenant: str) -> StoredResponse:
        """Return a response; one that was never finished comes with its output so far. Raises NotFound."""
        fields = await self._fields(response_id, _POLLED)
        events: list[JsonObject] = []
        if b"output" not in fields:
            fields, events = await self._load_unfinished(response_id)
        _check_owner(response_id, fields, tenant)
        if b"output" in fields:
            items = [entry.item for entry in decode_items(fields[b"output"])]
        else:
            items = parse_items(fold(events).items)
        return StoredResponse(
            response=_response(fields, items),
            streams=text(fields, "streams") == "1",
            event_count=integer(fields, "events"),
        )

    async def status(self, response_id: str, tenant: str) -> JobStatus:
        """Return where a response stands, and read nothing else of it. Raises NotFound."""
        fields = await self._fields(response_id, ("tenant", "status"))
        _check_owner(response_id, fields, tenant)
        return JobStatus(text(fields, "status"))

    async def are_stored(self, response_ids: Sequence[str]) -> bool:
        """Return whether all these responses are there, whosever they are, in one round trip."""
        pipeline = self._store.pipeline(transaction=False)
        for response_id in response_ids:
            pipeline.exists(keys.record(response_id))
        return all(await pipeline.execute())

    async def load_turns(self, response_ids: Sequence[str], tenant: str) -> list[StoredTurn]:
        """Return the turns of all these responses, and let them live on. Raises NotFound."""
        pipeline = self._store.pipeline(transaction=False)
        for response_id in response_ids:
            pipeline.hmget(keys.record(response_id), _CHAINED)
        turns = [
            _turn(response_id, present(_CHAINED, values), tenant)
            for response_id, values in zip(response_ids, await pipeline.execute(), strict=True)
        ]
        # Only now: nobody may keep alive what is not his.
        for turn in turns:
            pipeline.pexpire(keys.record(turn.id), self._ttl_ms, gt=True)
            pipeline.pexpire(keys.derived(turn.id), self._ttl_ms, gt=True)
            self._index.keep_in(pipeline, [entry.item for entry in turn.output])
        await pipeline.execute()
        return turns

    async def finish(self, lease: Lease, turn: Turn, result: TurnResult) -> None:
        """End a background response, once and for all. Raises LeaseLost."""
        status = result.response.status
        if status not in ("completed", "incomplete", "failed"):
            raise ValueError(f"A turn cannot end as {status}.")
        closing = result.closing if turn.request.is_streamed else []
        ending = Ending(
            status=status,
            fields=_after_it_ran(result),
            drops=("request",),
            drops_events=not turn.request.is_streamed,
            first_event=closing[0]["sequence_number"] if closing else 0,
            events=tuple(encode(closing)),
        )
        entries = entries_of(result.response.output)
        await self._jobs.finish(lease, ending, entries=entries, beside=self._beside_its_end(turn, result))

    async def find_items(self, item_ids: Sequence[str], tenant: str) -> list[Item]:
        """Return those of these items that stored responses put out; the others are left out."""
        return await self._index.find(item_ids, tenant)

    async def delete(self, response_id: str) -> bool:
        """Remove an ended response with all derived from it; False when it has not ended."""
        fields = await self._fields(response_id, ("status", "output"))
        if b"status" in fields and not JobStatus(text(fields, "status")).ended:
            return False
        # The record goes last: a server that dies before is asked to delete it again.
        output = [entry.item for entry in decode_items(fields.get(b"output"))]
        await self._index.forget(output)
        for item in output:
            if isinstance(item, Compaction) and item.id:
                await self._derived.note(item.id, response_id)
        await self._derived.remove(response_id)
        await self._jobs.delete(response_id)
        # Again, for what its worker has begun to make ahead in the meantime.
        await self._derived.remove(response_id)
        return True

    async def append(self, lease: Lease, first: int, events: Sequence[JsonObject]) -> None:
        """Append events from sequence number `first` on; repeating a call changes nothing. Raises LeaseLost."""
        await self._jobs.append_events(lease, first, encode(events))

    async def read(self, response_id: str, *, after: int = -1) -> list[JsonObject]:
        """Return the events whose sequence number is greater than `after`, in order."""
        # An event's entry id is its sequence number plus one.
        entries = await answer(self._store.xrange(keys.events(response_id), min=f"{after + 2}-0"))
        return _events(entries)

    async def _fields(self, response_id: str, names: Sequence[str]) -> Fields:
        return present(names, await answer(self._store.hmget(keys.record(response_id), names)))

    async def _enqueue_in_conversation(self, turn: Turn, job: NewJob, conversation_id: str) -> None:
        async with self._store.pipeline(transaction=True) as pipeline:
            await self._conversations.take_in(pipeline, turn)
            await self._jobs.create_in(pipeline, job, conversation_id=conversation_id)
            taken, created = await execute(pipeline)
        accepted(taken, conversation_id)
        await self._jobs.created(job, created)

    def _beside_its_end(self, turn: Turn, result: TurnResult) -> Beside | None:
        if turn.request.conversation_id is None:
            return None
        return partial(self._conversations.settle_in, turn=turn, result=result)

    async def _load_unfinished(self, response_id: str) -> tuple[Fields, list[JsonObject]]:
        # In one step: a turn that finishes in between drops its events.
        pipeline = self._store.pipeline(transaction=True)
        pipeline.hmget(keys.record(response_id), _POLLED)
        pipeline.xrange(keys.events(response_id))
        values, entries = await pipeline.execute()
        return present(_POLLED, values), _events(entries)


def _before_it_runs(turn: Turn) -> dict[str, bytes]:
    return {
        "tenant": turn.tenant.encode(),
        "head": encode_json(turn.head.to_json()),
        "request": encode_json(_without_input(turn.request).to_json()),
        "input": encode_items([SizedItem(item=item, tokens=0) for item in turn.input]),
        "streams": b"1" if turn.request.is_streamed else b"0",
        **_conversation_of(turn),
    }


def _conversation_of(turn: Turn) -> dict[str, bytes]:
    conversation_id = turn.request.conversation_id
    return {} if conversation_id is None else {"conversation": conversation_id.encode()}


def _without_input(request: CreateResponse) -> CreateResponse:
    # The items have a field of their own; a trigger is none, but it says what the turn is.
    return request.changed(input=[CompactionTrigger()] if request.has_trigger else "")


def _after_it_ran(result: TurnResult) -> dict[str, bytes]:
    return {
        "head": encode_json(result.response.changed(output=[]).to_json()),
        "base": encode_items(result.base),
        "input": encode_items(result.input),
        "output": encode_items(result.output),
        "path": encode_json(result.path),
        **({"whole_path": encode_json(result.whole_path)} if result.whole_path else {}),
    }


def _events(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[JsonObject]:
    return [json.loads(fields[_EVENT]) for _, fields in entries]


def _turn(response_id: str, fields: Fields, tenant: str) -> StoredTurn:
    _check_owner(response_id, fields, tenant)
    return StoredTurn(
        id=response_id,
        status=JobStatus(text(fields, "status")),
        base=decode_items(fields.get(b"base")),
        input=decode_items(fields.get(b"input")),
        output=decode_items(fields.get(b"output")),
        path=decode_json(fields[b"path"]) if b"path" in fields else [],
        place=_place(fields),
        whole_path=decode_json(fields[b"whole_path"]) if b"whole_path" in fields else [],
    )


def _place(fields: Fields) -> Place | None:
    if b"conversation" not in fields:
        return None
    return Place(text(fields, "conversation"), integer(fields, "position"))


def _check_owner(response_id: str, fields: Fields, tenant: str) -> None:
    # Conversations and compactions have records, too, and are no responses.
    known = response_id.startswith("resp_") and b"tenant" in fields
    if not known or text(fields, "tenant") != tenant:
        raise NotFound(f"Response with id '{shown(response_id)}' not found.")


def _response(fields: Fields, output: Sequence[Item]) -> Response:
    head = Response.model_validate(decode_json(fields[b"head"]))
    status = text(fields, "status")
    # A turn that was given back is queued again, but for its client there is no way back to `queued`.
    if status in _IN_PROGRESS or (status == "queued" and integer(fields, "attempt") > 0):
        status = "in_progress"
    changes: dict[str, Any] = {"status": status, "output": list(output)}
    if b"error_code" in fields:
        changes["error"] = ResponseError(
            code=text(fields, "error_code"), message=text(fields, "error_message")
        )
    if status in ("failed", "cancelled"):
        # Whoever ends a turn from outside knows nothing of its head.
        changes["service_tier"] = head.settled_tier
    return head.changed(**changes)
