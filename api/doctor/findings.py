"""Findings: what a check came to, and what to do about it. None of them ever holds a secret."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from redis.exceptions import RedisError

from shared.errors import HithertoError

# No check takes longer, whatever does not answer.
CHECK_SECONDS = 5.0


class Verdict(StrEnum):
    """How it stands with what was looked at."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a subject; `remedy` is what to do, where something is to be done."""

    subject: str
    verdict: Verdict
    says: str
    remedy: str = ""


Check: TypeAlias = Callable[[], Awaitable[list[Finding]]]


def ok(subject: str, says: str) -> Finding:
    """Return that all is well."""
    return Finding(subject, Verdict.OK, says)


def warning(subject: str, says: str, remedy: str) -> Finding:
    """Return what works, but not as it should."""
    return Finding(subject, Verdict.WARNING, says, remedy)


def problem(subject: str, says: str, remedy: str) -> Finding:
    """Return what does not work, or loses work."""
    return Finding(subject, Verdict.PROBLEM, says, remedy)


async def found(
    subject: str, check: Check, *, remedy: str, within_seconds: float = CHECK_SECONDS
) -> list[Finding]:
    """Return what a check finds; one that fails or takes too long is itself a problem."""
    try:
        async with asyncio.timeout(within_seconds):
            return await check()
    except TimeoutError:
        return [problem(subject, f"no answer within {within_seconds:g} s", remedy)]
    except HithertoError as error:
        return [problem(subject, error.message, remedy)]
    except (RedisError, OSError) as error:
        # Their own words may hold an address with its password.
        return [problem(subject, f"cannot be asked ({type(error).__name__})", remedy)]
