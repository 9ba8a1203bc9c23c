"""What is learned of a model is shared by all processes, read rarely, and never in a turn's way."""

import pytest
from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.calibration import RedisCalibration
from shared.adapters.redis.connection import connect
from shared.adapters.redis.encoding import answer
from shared.routing import ANY_MODEL, Route, Routes
from shared.window.calibration import EXACT, Size
from shared.window.families import FACTORS
from shared.wire.responses import Usage

ROUTES = Routes(
    (
        Route("gpu", "http://127.0.0.1:1/v1", ("m", "qwen3"), rename={"alias": "m"}),
        Route("local", "http://127.0.0.1:1/v1", ("own",), tokenizer="mistral"),
        Route("offline", None, ("hitherto-offline",)),
        Route("rest", "http://127.0.0.1:1/v1", (ANY_MODEL,)),
    )
)
SIZE = Size(5000)
THIRD_MORE = Usage(input_tokens=6500)


def calibration(store: Redis, *, encoding: str = "o200k_base", fresh_seconds: float = 0) -> RedisCalibration:
    return RedisCalibration(store, ROUTES, encoding=encoding, fresh_seconds=fresh_seconds)


async def test_what_one_process_learns_another_knows(store: Redis) -> None:
    ours, theirs = calibration(store), calibration(store)
    assert await theirs.correction("m") == EXACT

    for _ in range(3):
        await ours.learn("m", SIZE, THIRD_MORE)

    assert (await theirs.correction("m")).real(SIZE) == pytest.approx(6500, rel=0.03)
    assert await theirs.correction("m") == await ours.correction("m")


async def test_a_model_is_known_by_its_upstream_and_its_name_there(store: Redis) -> None:
    known = calibration(store)

    await known.learn("alias", SIZE, THIRD_MORE)

    assert (await known.correction("m")).real(SIZE) > 6000
    assert await known.correction("other") == EXACT
    assert await calibration(store, encoding="cl100k_base").correction("m") == EXACT


async def test_before_anything_is_known_a_model_counts_as_its_family_does(store: Redis) -> None:
    known = calibration(store)

    assert (await known.correction("qwen3")).real(SIZE) == 5000 * FACTORS["qwen"]
    assert (await known.correction("own")).real(SIZE) == 5000 * FACTORS["mistral"]
    # Nothing is refused for what a family is expected to make of it.
    assert (await known.correction("own")).least(SIZE) == 5000
    assert (await known.correction("hitherto-offline")) == EXACT


async def test_the_offline_upstream_teaches_nothing(store: Redis) -> None:
    known = calibration(store)

    await known.learn("hitherto-offline", SIZE, THIRD_MORE)

    assert await known.correction("hitherto-offline") == EXACT
    assert await answer(store.keys("*")) == []


async def test_what_is_implausible_is_not_stored(store: Redis) -> None:
    await calibration(store).learn("m", SIZE, Usage(input_tokens=12))

    assert await answer(store.keys("*")) == []


async def test_what_was_learned_is_forgotten_a_month_after_the_last_report(store: Redis) -> None:
    await calibration(store).learn("m", SIZE, THIRD_MORE)

    [name] = await answer(store.keys("*"))
    assert name.decode().startswith(f"{keys.PREFIX}{{calibration:")
    assert 29 * 86400 < await answer(store.ttl(name)) <= 30 * 86400


async def test_the_store_is_asked_once_in_a_while_and_after_each_report_not_at_all(store: Redis) -> None:
    known = calibration(store, fresh_seconds=3600)
    await known.correction("m")
    await calibration(store).learn("m", SIZE, THIRD_MORE)

    assert await known.correction("m") == EXACT

    await known.learn("m", SIZE, THIRD_MORE)
    assert (await known.correction("m")).real(SIZE) > 6300


async def test_a_store_that_is_away_changes_nothing_and_stops_nobody() -> None:
    async with connect("redis://127.0.0.1:1/0") as store:
        store.connection_pool.connection_kwargs.pop("retry")
        known = calibration(store)

        await known.learn("m", SIZE, THIRD_MORE)

        assert await known.correction("m") == EXACT


async def test_a_store_that_refuses_stops_nobody(store: Redis) -> None:
    known = calibration(store)
    await known.learn("m", SIZE, THIRD_MORE)
    [name] = await answer(store.keys("*"))
    await store.set(name, "what is no record")

    assert (await known.correction("m")).real(SIZE) > 6000
    await known.learn("m", SIZE, THIRD_MORE)
