"""The Lua scripts that Redis runs: each is one there, though its source may stand in several files."""

from importlib.resources import files


def read_script(*names: str) -> str:
    """Return the script that these files of the folder `lua` make, one after the other."""
    folder = files("shared.adapters.redis").joinpath("lua")
    return "\n".join(folder.joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in names)
