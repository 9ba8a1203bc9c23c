"""The client of Redis that adapters work with: an outage is ours, a mistake stays redis-py's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from shared.errors import StoreUnreachable

_OUTAGES = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.OutOfMemoryError,
    exceptions.ClusterError,
    exceptions.InvalidResponse,
    OSError,
)
# Codes of Redis that its client has no class for: it cannot write to its disk, runs a script for too long, has
# lost its replicas or its primary. They stand first, or where a pipeline or a transaction quotes what went wrong:
# there the others are told by their code, too.
_OUTAGE_CODE = re.compile(
    r"""(?:^|caused error: (?:\(['"])?|discarded because of: )(?:MISCONF|BUSY|NOREPLICAS|MASTERDOWN|OOM|READONLY) """
)


class StoreClient(Redis):
    """redis-py's client, whose commands raise StoreUnreachable where Redis cannot work now.

    Anything else that Redis says is a mistake of ours, passes by no waiting, and is raised as it came.
    """

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and return its answer."""
        with outages_as_ours():
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002 - as redis-py has it
        """Return a pipeline that raises the same."""
        return _StorePipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class _StorePipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 - as redis-py has it
        with outages_as_ours():
            return await super().execute(raise_on_error)


@contextmanager
def outages_as_ours() -> Iterator[None]:
    """Turn redis-py's errors into StoreUnreachable where they tell of an outage."""
    try:
        yield
    except (exceptions.RedisError, OSError) as error:
        if not isinstance(error, _OUTAGES) and not _OUTAGE_CODE.search(str(error)):
            raise
        raise StoreUnreachable(type(error).__name__) from error
