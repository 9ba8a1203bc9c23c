"""The turn: one function, whoever runs it. Resolve, compact if due, generate, and say what it came to."""

import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import TypeVar

from shared.compact_window import CompactedWindow, WindowCompactor
from shared.compaction.gain import Room
from shared.composer import Composer
from shared.errors import ContextOverflow, UpstreamError
from shared.history import MAX_PATH, History, with_pins
from shared.ids import new_id
from shared.partial import Partial
from shared.ports import Progress, Upstream
from shared.prompt import Finished
from shared.routing import NO_ROUTES, Routes
from shared.run import Run, prompt_of
from shared.settings import Settings
from shared.turns import Parked, Turn, TurnResult
from shared.window.configuration import in_effect
from shared.window.entry import Entry, flatten
from shared.window.payload import SizedItem
from shared.window.sizing import size_of_items, size_of_window
from shared.window.truncation import truncate
from shared.wire.items import Compaction, ConfigurationUpdate, Item, OtherItem, parse_item
from shared.wire.model import JsonObject
from shared.wire.responses import IncompleteDetails, Response, Usage

_Told = TypeVar("_Told", Compaction, ConfigurationUpdate)


class TurnRunner:
    """Runs turns."""

    def __init__(
        self,
        history: History,
        compactor: WindowCompactor,
        upstream: Upstream,
        settings: Settings,
        routes: Routes = NO_ROUTES,
    ) -> None:
        """Take what a turn needs; a model whose route tells no window has that of the settings.

        Counts are corrected as the compactor corrects them.
        """
        self._calibration = compactor.calibration
        self._history = history
        self._compactor = compactor
        self._upstream = upstream
        self._settings = settings
        self._routes = routes

    async def run(
        self, turn: Turn, progress: Progress, partial: Partial | None = None
    ) -> TurnResult | Parked:
        """Run the turn and return what it came to, or the compaction that a background turn waits for.

        `partial` is what an earlier attempt told already; nothing of it is told again. Raises RequestError
        for what the client must change, UpstreamError for what the provider did, LeaseLost when another
        attempt took over. Cancelling it ends the upstream call.
        """
        # Told first: whoever hears that it failed knows which response that was.
        composer = await _begin(turn, progress, partial)
        window = await self._history.resolve(turn)
        configuration = in_effect(entry.item for entry in flatten(window.entries))
        correction = await self._calibration.correction(turn.request.model)
        run = Run(turn, composer, progress, window, list(window.entries), configuration, correction)
        run.overhead = await self._overhead(run)
        if turn.request.has_trigger:
            return await self._compact_only(run, partial)
        parked = await self._compact_if_due(run, partial)
        if parked is not None:
            return parked
        if run.is_spent:
            return await self._result(run, Finished(reason="length", usage=Usage()))
        self._fit(run)
        finished = await self._generate(run)
        await self._learn(run, finished)
        return await self._result(run, finished)

    async def _compact_if_due(self, run: Run, partial: Partial | None) -> Parked | None:
        told = _told(partial, Compaction)
        if told is not None:
            await self._reuse(run, *told)
            await run.progress.send(_repeat_configuration(run, partial))
            return None
        threshold = self._compactor.threshold(run.turn)
        if threshold is None or run.tokens <= threshold:
            return None
        room = Room(threshold, run.overhead, run.correction)
        outcome = await self._compactor.compact(run.turn, run.entries, room)
        if isinstance(outcome, CompactedWindow):
            run.entries, run.usage = [outcome.entry], outcome.usage
            events = run.composer.add_item(outcome.entry.item)
            await run.progress.send([*events, *_repeat_configuration(run, partial)])
            return None
        return outcome

    async def _compact_only(self, run: Run, partial: Partial | None) -> TurnResult | Parked:
        told, read = _told(partial, Compaction), run.entries
        if told is not None:
            await self._reuse(run, *told)
        else:
            outcome = await self._compactor.compact_all(run.turn, run.entries)
            if isinstance(outcome, Parked):
                return outcome
            if outcome is None:
                raise UpstreamError("The compaction could not be made; the history stays as it was.")
            run.entries, run.usage = [outcome.entry], outcome.usage
            await run.progress.send(run.composer.add_item(outcome.entry.item, compacting=True))
        if not run.usage.total_tokens:  # no model was asked: told is what was read and what is left
            run.usage = Usage.of(*(run.correction.part(size_of_window(each)) for each in (read, run.entries)))
        return await self._result(run, Finished(reason="stop", usage=Usage()))

    async def _reuse(self, run: Run, index: int, item: Compaction) -> None:
        run.composer.keep([(index, item)])
        compacted = await self._compactor.reopen(run.turn, item)
        run.entries, run.usage = [compacted.entry], compacted.usage

    def _fit(self, run: Run) -> None:
        """Settle what the model is given. Raises ContextOverflow for more than its window holds."""
        request, route = run.turn.request, self._routes.find(run.turn.request.model)
        name = route.name if route else None
        run.given = flatten(run.entries, upstream=name)
        limit = (route.context_window_tokens if route else None) or self._settings.context_window_tokens
        if limit is None:
            return
        if request.truncation == "auto":
            answer = run.output_tokens_left or 0
            room = run.correction.counted(limit - answer, of=run.given_size) - run.overhead
            run.given = truncate(run.entries, room, upstream=name)
        # The provider refuses what is too much, too: caution here would refuse what fits.
        if run.correction.least(run.given_size) > limit:
            raise ContextOverflow

    async def _overhead(self, run: Run) -> int:
        request = run.turn.request
        return await self._history.overhead(
            instructions=request.instructions,
            tools=request.tools or [],
            text_format=(run.text or {}).get("format"),
        )

    async def _generate(self, run: Run) -> Finished:
        finished: Finished | None = None
        async with aclosing(self._upstream.stream(prompt_of(run))) as answer:
            async for event in answer:
                events = run.composer.apply(event)
                if isinstance(event, Finished):
                    finished, run.closing = event, events
                else:
                    await run.progress.send(events)
        if finished is None:
            raise UpstreamError("The upstream's answer ended without saying so.")
        return finished

    async def _learn(self, run: Run, finished: Finished) -> None:
        # A tool that the provider runs has it read the prompt again: its usage is that of several requests.
        if finished.usage is not None and not any(
            isinstance(each, OtherItem) for each in run.composer.output
        ):
            await self._calibration.learn(run.turn.request.model, run.given_size, finished.usage)

    async def _result(self, run: Run, finished: Finished) -> TurnResult:
        items = run.composer.output
        output = await self._history.size(items)
        if not run.window.fresh:
            output = with_pins(output, run.turn)
        usage = run.usage + (finished.usage or self._estimated_usage(run, output))
        response = _ended(run.turn.head, items, finished, usage)
        base, path = _way_on(run, items)
        whole_path = [*run.window.path, run.turn.id] if run.window.path and len(path) == 1 else []
        said = [
            Entry(entry.item, entry.tokens, pins=entry.pins)
            for entry in output
            if not isinstance(entry.item, Compaction)
        ]
        return TurnResult(
            response=response,
            base=base,
            input=run.window.fresh,
            output=output,
            path=path,
            whole_path=whole_path,
            window=[*run.entries, *said],
            closing=run.closing,
            beside=run.overhead,
        )

    def _estimated_usage(self, run: Run, output: Sequence[SizedItem]) -> Usage:
        asked = run.correction.real(run.given_size)
        answered = run.correction.part(size_of_items(output))
        return Usage.of(asked, answered)


async def _begin(turn: Turn, progress: Progress, partial: Partial | None) -> Composer:
    enclosing = "reasoning.encrypted_content" in (turn.request.include or [])
    if partial is None:
        composer = Composer(encloses_thoughts=enclosing)
        await progress.send(composer.begin(turn.head))
        return composer
    composer = Composer(
        first_sequence=partial.next_sequence, first_index=partial.next_index, encloses_thoughts=enclosing
    )
    if not partial.begun:
        await progress.send(composer.proceed(turn.head.changed(status="in_progress")))
    # An item that the lost attempt left unfinished is closed; what it would have said is told anew.
    await progress.send(composer.abandon(partial.unfinished))
    return composer


def _told(partial: Partial | None, kind: type[_Told]) -> tuple[int, _Told] | None:
    for index, item in (partial.done if partial else {}).items():
        parsed = parse_item(item)
        if isinstance(parsed, kind):
            return index, parsed
    return None


def _repeat_configuration(run: Run, partial: Partial | None) -> list[JsonObject]:
    """Return the events that say after the compaction what is set, unless an earlier attempt said so."""
    if run.configuration is None:
        return []
    told = _told(partial, ConfigurationUpdate)
    if told is not None:
        run.composer.keep([told])
        return []
    return run.composer.add_item(run.configuration.changed(id=new_id("item")))


_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def _ended(head: Response, output: list[Item], finished: Finished, usage: Usage) -> Response:
    changes: dict[str, object] = {"output": output, "usage": usage, "service_tier": head.settled_tier}
    if finished.reason == "stop":
        changes |= {"status": "completed", "completed_at": int(time.time())}
    else:
        details = IncompleteDetails.model_validate({"reason": _REASONS[finished.reason]})
        changes |= {"status": "incomplete", "incomplete_details": details}
    return head.changed(**changes)


def _way_on(run: Run, output: Sequence[Item]) -> tuple[list[SizedItem], list[str]]:
    """Return how the next turn finds its window: items to write down again, and the path."""
    turn_id, window = run.turn.id, run.window
    if not window.earlier or any(isinstance(item, Compaction) for item in output):
        return [], [turn_id]
    if len(window.path) >= MAX_PATH:
        return window.earlier, [turn_id]
    return [], [*window.path, turn_id]
