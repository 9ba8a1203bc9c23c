"""Checks of a Redis: its version, what it keeps, its room, and its clock."""

import time
from typing import Any

from redis.asyncio import Redis

from api.doctor.findings import Finding, ok, problem, warning
from shared.adapters.redis.storage import durability_of, memory_of
from shared.storage import Memory

# PEXPIRE … GT and SET … NX GET are this new.
OLDEST = (7, 0)
_MOST_SKEW_SECONDS = 2.0


async def check_redis(client: Redis, name: str, *, max_memory_ratio: float) -> list[Finding]:
    """Return what is to be said of a Redis that answers, `name` being what it is for: store or broker."""
    before = time.time()
    seconds, microseconds = await client.time()
    after = time.time()
    info: dict[str, Any] = await client.info()
    skew = seconds + microseconds / 1e6 - (before + after) / 2
    return [
        check_version(info, name),
        _persistence(info, name),
        _eviction(info, name),
        _memory(memory_of(info), name, max_memory_ratio),
        check_clock(skew, name),
    ]


def check_version(info: dict[str, Any], name: str) -> Finding:
    """Return what is to be said of what INFO tells of its version."""
    told = str(info.get("redis_version", "0"))
    version = tuple(int(part) for part in told.split(".")[:2] if part.isdigit())
    brand = str(info.get("server_name", "redis"))
    said = f"answers, {brand} {info.get(f'{brand}_version', told)}"
    if version < OLDEST:
        return problem(name, said, f"Redis {OLDEST[0]}.{OLDEST[1]} or later is needed.")
    return ok(name, said)


def check_clock(skew: float, name: str) -> Finding:
    """Return what is to be said of a clock that is so many seconds ahead of this machine's."""
    subject = f"{name} clock"
    if abs(skew) <= _MOST_SKEW_SECONDS:
        return ok(subject, "agrees with this machine's")
    return warning(
        subject,
        f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's",
        "Synchronise both (NTP): leases go by Redis's clock, `created_at` by this machine's.",
    )


def _persistence(info: dict[str, Any], name: str) -> Finding:
    subject = f"{name} persistence"
    if not durability_of(info).appends:
        return problem(
            subject,
            "appendonly no: a restart of Redis loses accepted jobs and stored responses",
            "Set `appendonly yes` in redis.conf, or CONFIG SET appendonly yes.",
        )
    if str(info.get("aof_last_write_status", "ok")) != "ok":
        return problem(
            subject, "the append-only file cannot be written", "Look at Redis's log and at its disk."
        )
    return ok(subject, "appendonly yes")


def _eviction(info: dict[str, Any], name: str) -> Finding:
    subject, policy = f"{name} eviction", durability_of(info).policy
    if policy == "noeviction":
        return ok(subject, "maxmemory-policy noeviction")
    return problem(
        subject,
        f"maxmemory-policy {policy}: a full Redis drops jobs and responses",
        "Set `maxmemory-policy noeviction`.",
    )


def _memory(memory: Memory, name: str, most: float) -> Finding:
    subject = f"{name} memory"
    if not memory.limit_bytes:
        return warning(
            subject,
            f"{_mebibytes(memory.used_bytes)} used, no limit",
            "Set maxmemory below what the machine has: work is then refused before the kernel kills Redis.",
        )
    said = f"{_mebibytes(memory.used_bytes)} of {_mebibytes(memory.limit_bytes)} used ({memory.ratio:.0%})"
    if memory.ratio >= most:
        return problem(
            subject,
            f"{said}: new work is refused from {most:.0%} on",
            "Raise maxmemory, or lower HITHERTO_RESPONSE_TTL_SECONDS.",
        )
    if memory.ratio >= most - 0.15:
        return warning(subject, said, f"Raise maxmemory soon: from {most:.0%} on new work is refused.")
    return ok(subject, said)


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB"
