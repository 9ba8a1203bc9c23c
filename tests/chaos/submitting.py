"""The load of a chaos run in a thread of its own: the main thread is for the faults."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence

from tests.chaos.doors import Doors
from tests.chaos.load import Load, Story
from tests.chaos.orders import Session

# How long the last response may take once the faults are over.
ENDS_SECONDS = 60.0


class Submitting:
    """The load in its thread."""

    def __init__(self, addresses: Sequence[str], sessions: Sequence[Session]) -> None:
        self.stories: list[Story] = []
        self.refusals: Counter[str] = Counter()
        self._failures: list[str] = []
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(addresses, sessions), daemon=True)
        self._thread.start()
        self._begun.wait()

    @property
    def is_over(self) -> bool:
        """Whether all clients are done."""
        return not self._thread.is_alive()

    def join(self) -> list[str]:
        """Wait for the clients; what they, or some of them, could not finish."""
        self._thread.join(ENDS_SECONDS)
        stuck = [story for story in self.stories if story.ended is None]
        return self._failures + [f"{story.order.marker} {story.id}: it is stuck" for story in stuck]

    def _run(self, addresses: Sequence[str], sessions: Sequence[Session]) -> None:
        try:
            asyncio.run(self._submit(addresses, sessions))
        except BaseException as error:  # told by join
            self._failures.append(f"the load broke off: {error!r}")
        finally:
            self._begun.set()

    async def _submit(self, addresses: Sequence[str], sessions: Sequence[Session]) -> None:
        async with Doors(addresses) as doors:
            load = Load(doors, sessions)
            self.stories, self.refusals = load.stories, doors.refusals
            conversations = await load.open_conversations()
            self._begun.set()
            await load.run(conversations)
