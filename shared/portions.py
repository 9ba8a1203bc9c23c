"""The portions of a span, summarised each once: side by side, or as jobs of their own where they are many."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from shared.compaction.sections import fold_sections
from shared.ending import end_task
from shared.ports import Checkpoints
from shared.summaries import PartsAsked, Portion, Summary
from shared.wire.responses import Usage

# What one task asks for; more is spread over the workers.
MOST_IN_ONE_TASK = 32
_SIDE_BY_SIDE = 8

Write: TypeAlias = Callable[[Portion], Awaitable[Summary]]


async def summarize_all(
    portions: Sequence[Portion], write: Write, checkpoints: Checkpoints | None
) -> list[Summary]:
    """Return the summaries of the portions, in order; what was kept is not asked for again.

    Raises PartsAsked where the missing ones became jobs of their own, and LeaseLost: nothing is asked then.
    """
    if checkpoints is None:
        return await _side_by_side(portions, write)
    names = await asyncio.to_thread(_names, portions)
    kept = await checkpoints.load(names)
    missing = {name: portion for name, portion in zip(names, portions, strict=True) if name not in kept}
    if len(portions) > MOST_IN_ONE_TASK:
        kept = kept | await _spread(missing, checkpoints)
    else:
        kept = kept | await _paid(missing, write, checkpoints)
    return [kept[name] for name in names]


def merge_summaries(summaries: Sequence[Summary], sections: Sequence[str]) -> Summary:
    """Return one summary folded by section, and what all cost; without a text if one of them has none."""
    usage = sum((summary.usage for summary in summaries), start=Usage())
    warnings = [warning for summary in summaries for warning in summary.warnings]
    calls = sum(summary.calls for summary in summaries)
    texts = [summary.text for summary in summaries if summary.text is not None]
    if len(texts) < len(summaries):
        return Summary(None, usage, warnings, calls)
    return Summary(texts[0] if len(texts) == 1 else fold_sections(texts, sections), usage, warnings, calls)


def _names(portions: Sequence[Portion]) -> list[str]:
    return [portion.name for portion in portions]


async def _spread(missing: Mapping[str, Portion], checkpoints: Checkpoints) -> dict[str, Summary]:
    failed = await checkpoints.spread(missing) if missing else {}
    if len(failed) < len(missing):
        raise PartsAsked
    return failed


async def _paid(missing: Mapping[str, Portion], write: Write, checkpoints: Checkpoints) -> dict[str, Summary]:
    name_of = {id(portion): name for name, portion in missing.items()}

    async def write_and_keep(portion: Portion) -> Summary:
        summary = await write(portion)
        await checkpoints.keep(name_of[id(portion)], summary)
        return summary

    summaries = await _side_by_side(list(missing.values()), write_and_keep)
    return dict(zip(missing, summaries, strict=True))


async def _side_by_side(portions: Sequence[Portion], write: Write) -> list[Summary]:
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(portion: Portion) -> Summary:
        async with gate:
            return await write(portion)

    tasks = [asyncio.create_task(one(portion)) for portion in portions]
    try:
        return await asyncio.gather(*tasks)
    finally:
        # Where one raises, the others must not go on to be paid for, nor begin in the place of one that ends.
        for task in tasks:
            task.cancel()
        for task in tasks:
            await end_task(task)
