"""Faults in words: what a person at the command line can put right is a sentence, not a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from shared.errors import HithertoError, StoreUnreachable


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn what a person can put right into a sentence and exit code 1."""
    try:
        yield
    except Exception as error:
        sentence = _in_words(error)
        if sentence is None:
            raise
        Console(stderr=True).print(f"[bold red]✗[/] {escape(sentence)}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _in_words(error: Exception) -> str | None:
    from redis.exceptions import RedisError  # noqa: PLC0415 - where nothing is wrong, nobody waits for it

    match error:
        case ValidationError():
            return _wrong_settings(error)
        case StoreUnreachable():
            return f"The Redis of HITHERTO_REDIS_URL does not answer ({error.reason})."
        case HithertoError():
            return error.message
        case RedisError():
            # Its own words may hold the address, and that a password.
            return f"The Redis of HITHERTO_REDIS_URL does not answer ({type(error).__name__})."
        case _:
            return None


def _wrong_settings(error: ValidationError) -> str:
    """Name each setting and what is wrong with it, but not its value: it may be a key."""
    wrong = (f"{'.'.join(map(str, each['loc'])) or 'all'}: {each['msg']}" for each in error.errors())
    return f"Wrong settings (HITHERTO_…): {'; '.join(wrong)}"
