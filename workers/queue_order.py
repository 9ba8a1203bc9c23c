"""In which order a worker that serves several queues takes their doorbells."""

from collections.abc import Iterable

from shared.jobs import Queue

# Somebody waits for each of these: a client, or a turn that has begun. What can wait has a lower priority.
_FIRST = str(Queue.COMPACTION)


class CompactionFirst:
    """Kombu's strategy `queue_order_strategy`: compaction before the others, which take turns.

    Kombu looks through the lists of a priority in this order before those of the next: so a compaction made
    ahead, of low priority, comes last of all.
    """

    def __init__(self, queues: Iterable[str] = ()) -> None:
        self._queues = list(queues)

    def update(self, queues: Iterable[str]) -> None:
        """Take the queues that are served."""
        self._queues = list(queues)

    def consume(self, count: int) -> list[str]:
        """Return the first `count` queues to look into."""
        return sorted(self._queues, key=lambda name: name != _FIRST)[:count]

    def rotate(self, last_used: str) -> str:
        """Put the queue that something was taken out of behind the others."""
        if last_used in self._queues:
            self._queues.remove(last_used)
            self._queues.append(last_used)
        return last_used
