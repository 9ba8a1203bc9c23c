"""The port to the room that is left."""

from typing import Protocol

from shared.storage import Memory


class Storage(Protocol):
    """The servers that keep all this."""

    async def memory(self) -> Memory:
        """Return the memory of the one that has the least room, as it was a second ago at most."""
        ...

    async def warn(self) -> None:
        """Log what an operator should know of the store: that it may forget what it was given."""
        ...
