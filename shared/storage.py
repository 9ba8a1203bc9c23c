"""What the Redis behind a server is like: whether it keeps what it is given, and how much room it has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """How much of a server's memory is taken; a `limit_bytes` of 0 means that it has no limit."""

    used_bytes: int
    limit_bytes: int

    @property
    def ratio(self) -> float:
        """The share that is taken; 0 where there is no limit."""
        return self.used_bytes / self.limit_bytes if self.limit_bytes else 0.0


@dataclass(frozen=True, slots=True)
class Durability:
    """What a server does with what it was given: when it restarts, and when its memory is full."""

    appends: bool
    policy: str

    @property
    def keeps(self) -> bool:
        """Whether a job that was accepted is still known after a restart, and when memory is short."""
        return self.appends and self.policy == "noeviction"
