"""The room that is left is asked for by one on behalf of all."""

import asyncio
from typing import Any

from redis.asyncio import Redis

from shared.adapters.redis.storage import RedisStorage


class SlowRedis(Redis):
    """A client whose answer comes when it is let."""

    asked = 0
    answers = asyncio.Event()

    async def info(self, section: str | None = None, *args: str, **kwargs: Any) -> dict[str, Any]:
        """Return what a server says of its memory, once it may."""
        self.asked += 1
        await self.answers.wait()
        return {"used_memory": self.asked, "maxmemory": 0}


async def test_a_server_that_is_slow_to_answer_is_not_asked_again_meanwhile() -> None:
    server = SlowRedis()
    server.answers = asyncio.Event()
    storage = RedisStorage(server, None, fresh_seconds=0)
    asking = [asyncio.create_task(storage.memory()) for _ in range(3)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert server.asked == 1

    server.answers.set()

    assert [(await each).used_bytes for each in asking] == [1, 1, 1]
    assert (await storage.memory()).used_bytes == 2
