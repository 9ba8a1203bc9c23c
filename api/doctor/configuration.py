"""Checks of the configuration: keys, the door, and the data directory. No value of a key is ever shown."""

import os
import stat
from pathlib import Path

from api.doctor.findings import Finding, ok, problem, warning
from api.front_door import DoorWithoutKeys, refuse_strangers
from api.gate import is_hash
from api.settings_check import check_encryption_keys, check_texts
from shared.errors import ConfigurationError
from shared.settings import Settings

_SHORTEST_KEY = 20


def check_api_keys(settings: Settings) -> list[Finding]:
    """Return how clients are told apart."""
    return [_door(settings), *_lengths(settings)]


def check_sealing(settings: Settings) -> Finding:
    """Return where the keys are that seal compaction items."""
    subject, keys = "encryption keys", settings.encryption_keys
    if not keys:
        return warning(
            subject,
            "none given: one is kept in Redis, beside what it seals",
            "Set HITHERTO_ENCRYPTION_KEYS to 32 random bytes in URL-safe base64.",
        )
    try:
        check_encryption_keys(settings)
    except ConfigurationError as error:
        return problem(subject, error.message, "Correct HITHERTO_ENCRYPTION_KEYS.")
    return ok(subject, f"{len(keys)} given, not kept in Redis")


def check_choices(settings: Settings) -> list[Finding]:
    """Return the choice of the operator's that keeps every process from starting, if there is one."""
    try:
        check_texts(settings)
    except ConfigurationError as error:
        return [problem("settings", error.message, "Correct it: no process starts with it.")]
    return []


def check_data_directory(directory: Path) -> Finding:
    """Return whether the embedded server's data is this user's alone."""
    subject = "data directory"
    if not directory.exists():
        return ok(subject, f"{directory} will be made by `hitherto up`")
    found = directory.stat()
    if found.st_uid != os.geteuid():
        return problem(
            subject, f"{directory} belongs to user {found.st_uid}", "Run as that user, or chown it."
        )
    inner = directory / "redis"
    mode = stat.S_IMODE((inner if inner.exists() else directory).stat().st_mode)
    if inner.exists() and mode & 0o077:
        return problem(subject, f"{inner} can be read by others (mode {mode:o})", f"chmod 700 {inner}")
    return ok(subject, f"{directory}, this user's alone" if inner.exists() else str(directory))


def _door(settings: Settings) -> Finding:
    subject = "API keys"
    try:
        refuse_strangers(settings)
    except DoorWithoutKeys as error:
        return problem(subject, error.message, "Set HITHERTO_API_KEYS.")
    if not settings.api_keys:
        return ok(subject, f"none: {settings.host} is for this machine alone, everyone on it is one tenant")
    hashed = sum(is_hash(key.get_secret_value()) for key in settings.api_keys)
    said = f"{len(settings.api_keys)} given, {hashed} of them as a hash"
    return ok(subject, f"{said}: 64 hexadecimal digits are never a key themselves" if hashed else said)


def _lengths(settings: Settings) -> list[Finding]:
    short = sum(len(key) < _SHORTEST_KEY for key in settings.api_keys)
    if not short:
        return []
    remedy = "Use random ones, such as those of `openssl rand -hex 24`."
    return [
        warning("API keys", f"{short} shorter than {_SHORTEST_KEY} characters: they can be guessed", remedy)
    ]
