"""Jitter: what waited together does not come back together."""

import random

_RANDOM = random.SystemRandom()


def jittered(seconds: float, low: float, high: float) -> float:
    """Return the seconds times a factor, another one each time, from `low` to `high`."""
    return seconds * _RANDOM.uniform(low, high)
