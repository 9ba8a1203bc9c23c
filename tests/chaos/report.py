"""The report of a chaos run, for a person."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.chaos.load import Story
from tests.chaos.provider import ModelCall
from tests.chaos.staff import Death

_PERCENTILES = (0.5, 0.95, 1.0)


def recoveries(deaths: Sequence[Death], calls: Mapping[str, Sequence[ModelCall]]) -> list[float]:
    """Return for each turn that a killed worker had, how many seconds later another one asked the model."""
    seconds = []
    for death in deaths:
        for asked in calls.values():
            before = [call for call in asked if call.at_seconds <= death.at_seconds]
            after = [call for call in asked if call.at_seconds > death.at_seconds]
            if before and after and before[-1].worker == death.worker:
                seconds.append(after[0].at_seconds - death.at_seconds)
    return seconds


def told_recoveries(seconds: Sequence[float], *, lease_seconds: float) -> str:
    """Return the percentiles of times to recover, also as multiples of the lease."""
    if not seconds:
        return "no turn was met by a worker's death"
    told = (
        f"{_name(share)} {value:.1f} s ({value / lease_seconds:.1f} leases)"
        for share in _PERCENTILES
        for value in [percentile(seconds, share)]
    )
    return f"{len(seconds)} turns, {', '.join(told)}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def told_run(
    stories: Sequence[Story], counted: Mapping[str, Mapping[str, int]], recovery: str
) -> Iterator[str]:
    """Yield the lines of a run's report: statuses, and whatever else was counted."""
    compacted = sum(any(item["type"] == "compaction" for item in _output(story)) for story in stories)
    followers = sum(len(story.followed) for story in stories)
    statuses = Counter(story.status or "unfinished" for story in stories)
    yield f"  {len(stories)} responses: {_listed(statuses)}"
    yield f"  {compacted} with a compaction; {followers} followers of streams"
    for name, counts in counted.items():
        yield f"  {name}: {sum(counts.values())} ({_listed(counts)})"
    yield f"  recovery after a worker was killed: {recovery}"


def _output(story: Story) -> Iterable[dict[str, str]]:
    return story.ended["output"] if story.ended else []


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _name(share: float) -> str:
    return "most" if share == 1.0 else f"p{share * 100:.0f}"
