"""Running the suites side by side, and adding up their scores."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from tests.benchmarks.quality.scoring import Score
from tests.benchmarks.quality.suites import Case, scores_of

DEMO_TARGET_TOKENS = 2_000


def cases(seeds: int) -> list[Case]:
    """Return everything that is measured; long sessions and tools get fewer seeds."""
    several = range(seeds)
    few = range(max(seeds // 2, 1))
    return [
        *(Case(name, seed, 0.05) for name in _SIDE_CONSTRAINTS for seed in few),
        *(Case(name, seed, share) for name in _CHATS for share in (0.10, 0.05) for seed in several),
        *(Case("bank five", seed, share) for share in (0.10, 0.05) for seed in range(4 * seeds)),
        *(Case("told later", seed, 0.10) for seed in few),
        *(Case(name, seed, share) for name in _AGENTS for share in (0.10, 0.05) for seed in few),
        *(Case(f"in {code}", seed, share) for code in _LANGUAGES for share in (0.10, 0.05) for seed in few),
        *(Case(name, seed, 0.10) for name in _HOSTILE for seed in few),
        *(Case("misbehaving", seed, 0.10) for seed in few),
        Case("demo", 0, target_tokens=DEMO_TARGET_TOKENS),
    ]


_CHATS = ("chat, bank one", "chat, bank two", "chat, bank three", "chat, bank four", "kit")
_SIDE_CONSTRAINTS = ("side constraint", "side constraint, bank three", "side constraint, bank four")
_AGENTS = ("agent", "agent, other tools")
_HOSTILE = ("hostile", "hostile, other forms")
_LANGUAGES = ("de", "es", "zh", "ja")


def measure(
    wanted: Sequence[Case], *, processes: int, done: Callable[[], None] = lambda: None
) -> list[Score]:
    """Return the scores of all cases, added up over their seeds; `done` is called after each case."""
    scores: list[Score] = []
    with ProcessPoolExecutor(max_workers=processes) as pool:
        for found in pool.map(scores_of, wanted):
            scores += found
            done()
    return added_up(scores)


def added_up(scores: Iterable[Score]) -> list[Score]:
    """Return one score for each suite, method, size, round and kind."""
    sums: defaultdict[Score, list[float]] = defaultdict(lambda: [0, 0])
    for score in scores:
        total = sums[replace(score, found=0, asked=0)]
        total[0] += score.found
        total[1] += score.asked
    return [replace(score, found=found, asked=int(asked)) for score, (found, asked) in sums.items()]
