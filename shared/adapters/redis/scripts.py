"""The Lua scripts that Redis runs: each is one there, though its source may stand in several files."""

from importlib.resources import files
from typing import Any

from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError


def read_script(*names: str) -> str:
    """Return the script that these files of the folder `lua` make, one after the other."""
    folder = files("shared.adapters.redis").joinpath("lua")
    return "\n".join(folder.joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in names)


async def execute(pipeline: Pipeline) -> list[Any]:
    """Run a pipeline and return its answers; whatever is in it must bear to be repeated.

    redis-py sees to it that the server knows a pipeline's scripts, and then repeats it through an outage: a
    server that came back knows none of them. They are loaded then, and all of it is run again.
    """
    commands, scripts = list(pipeline.command_stack), set(pipeline.scripts)
    try:
        return await pipeline.execute()
    except NoScriptError:
        pipeline.command_stack.extend(commands)
        pipeline.scripts.update(scripts)
        return await pipeline.execute()
