"""An outage of Redis is told from a mistake of ours: only the first is worth another try."""

import pytest
from redis import exceptions
from redis.asyncio import Redis

from shared.adapters.redis.client import outages_as_ours
from shared.adapters.redis.connection import connect
from shared.errors import StoreUnreachable

NOWHERE = "redis://127.0.0.1:9"


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ConnectionError("Connection refused."),
        exceptions.TimeoutError("Timeout reading from socket"),
        exceptions.AuthenticationError("invalid username-password pair"),
        exceptions.BusyLoadingError("Redis is loading the dataset in memory"),
        exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        exceptions.ReadOnlyError("You can't write against a read only replica."),
        exceptions.ResponseError("MISCONF Errors writing to the AOF file"),
        exceptions.ExecAbortError("Transaction discarded because of: OOM command not allowed"),
        ConnectionResetError("Connection reset by peer"),
    ],
    ids=lambda error: f"{type(error).__name__} {error.args[0].split()[0]}",
)
def test_what_keeps_redis_from_working_is_an_outage(error: Exception) -> None:
    with pytest.raises(StoreUnreachable) as told, outages_as_ours():
        raise error
    assert (told.value.reason, told.value.__cause__) == (type(error).__name__, error)
    assert str(error) not in told.value.message


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ResponseError("wrong number of arguments for 'get' command"),
        exceptions.DataError("Invalid input of type: 'NoneType'."),
        exceptions.NoScriptError("No matching script. Please use EVAL."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_mistake_is_raised_as_it_came(error: exceptions.RedisError) -> None:
    with pytest.raises(type(error)), outages_as_ours():
        raise error


async def test_commands_scripts_and_pipelines_tell_of_an_outage() -> None:
    async with connect(NOWHERE, retries=0) as client:
        with pytest.raises(StoreUnreachable):
            await client.get("name")
        with pytest.raises(StoreUnreachable):
            await client.register_script("return 1")()
        pipeline = client.pipeline(transaction=False)
        pipeline.get("name")
        with pytest.raises(StoreUnreachable):
            await pipeline.execute()
        pipeline = client.pipeline()
        await client.register_script("return 1")(client=pipeline)
        with pytest.raises(StoreUnreachable):
            await pipeline.execute()


async def test_a_pipeline_whose_server_may_not_write_now_tells_of_an_outage(server: Redis) -> None:
    await server.config_set("min-replicas-to-write", 1)
    try:
        for in_one_step in (True, False):
            pipeline = server.pipeline(transaction=in_one_step)
            pipeline.set("name", "1")
            with pytest.raises(StoreUnreachable):
                await pipeline.execute()
            await server.register_script("return redis.call('SET', 'name', '1')")(client=pipeline)
            with pytest.raises(StoreUnreachable):
                await pipeline.execute()
    finally:
        await server.config_set("min-replicas-to-write", 0)
