"""The upstreams file: TOML that says which upstream answers for which models."""

import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)

from shared.errors import ConfigurationError
from shared.routing import Route, UpstreamApi
from shared.settings import OPENAI_BASE_URL
from shared.window.families import FACTORS


def _name_or_prefix(model: str) -> str:
    if not model or "*" in model[:-1]:
        raise ValueError("a model is a name, or a prefix that ends with *")
    return model


def _name_in_full(model: str) -> str:
    if not model or "*" in model:
        raise ValueError("what is renamed is a name in full")
    return model


def _known_family(tokenizer: str) -> str:
    if tokenizer not in FACTORS:
        raise ValueError(f"a tokenizer is one of {', '.join(sorted(FACTORS))}")
    return tokenizer


_Name = Annotated[str, Field(min_length=1)]
_Model = Annotated[str, AfterValidator(_name_or_prefix)]
_FullName = Annotated[str, AfterValidator(_name_in_full)]


class _Entry(BaseModel):
    """One `[[upstream]]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: _Name
    base_url: Annotated[str, Field(pattern=r"^https?://.")]
    api: UpstreamApi = "chat_completions"
    api_key_env: _Name | None = None
    models: Annotated[list[_Model], Field(min_length=1)]
    context_window_tokens: PositiveInt | None = None
    native_compaction: bool = False
    structured_summaries: bool | None = None
    timeout_seconds: PositiveFloat | None = None
    max_concurrency: PositiveInt | None = None
    rename: dict[_FullName, _Name] = Field(default_factory=dict)
    tokenizer: Annotated[str, AfterValidator(_known_family)] | None = None

    @model_validator(mode="after")
    def _check_renamed_once(self) -> Self:
        both = [model for model in self.models if model in self.rename]
        if both:
            raise ValueError(f"'{both[0]}' is in models and in rename: leave it in rename alone")
        return self

    @model_validator(mode="after")
    def _check_can_compact(self) -> Self:
        if self.native_compaction and self.api != "responses":
            raise ValueError('native_compaction needs api = "responses"')
        return self


class _File(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    upstream: Annotated[list[_Entry], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        name, times = Counter(entry.name for entry in self.upstream).most_common(1)[0]
        if times > 1:
            raise ValueError(f"{times} upstreams are named '{name}'")
        return self


def read_upstreams_file(
    path: Path,
    environment: Mapping[str, str],
    *,
    timeout_seconds: float,
    max_concurrency: int | None = None,
) -> list[Route]:
    """Return the file's routes in its order; the other two are for an upstream that names none.

    Raises ConfigurationError for a file that cannot be read or says what it must not, and for a key whose
    variable is not in `environment`.
    """
    return [
        Route(
            name=entry.name,
            base_url=entry.base_url,
            models=tuple(entry.models),
            api=entry.api,
            api_key=_key(path, entry, environment),
            context_window_tokens=entry.context_window_tokens,
            native_compaction=entry.native_compaction,
            structured_summaries=_is_structured(entry),
            timeout_seconds=entry.timeout_seconds or timeout_seconds,
            max_concurrency=entry.max_concurrency or max_concurrency,
            rename=entry.rename,
            tokenizer=entry.tokenizer,
        )
        for entry in _entries(path)
    ]


def _is_structured(entry: _Entry) -> bool:
    if entry.structured_summaries is not None:
        return entry.structured_summaries
    return entry.base_url.rstrip("/") == OPENAI_BASE_URL


def _entries(path: Path) -> list[_Entry]:
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).upstream
    except OSError as error:
        raise ConfigurationError(f"Cannot read the upstreams file {path}: {error.strerror}.") from error
    except ValidationError as error:
        raise ConfigurationError(f"Wrong upstreams file {path}: {_faults(error)}.") from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise ConfigurationError(f"The upstreams file {path} is not TOML: {error}.") from error


def _faults(error: ValidationError) -> str:
    """Name each fault and its place, but not the value found there: it may be a key."""
    return "; ".join(
        f"{_place(fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
    )


def _place(location: tuple[int | str, ...]) -> str:
    """Return a place as `upstream[0].models`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".") or "upstream"


def _key(path: Path, entry: _Entry, environment: Mapping[str, str]) -> SecretStr | None:
    if entry.api_key_env is None:
        return None
    key = environment.get(entry.api_key_env)
    if not key:
        raise ConfigurationError(
            f"Wrong upstreams file {path}: the key of '{entry.name}' is to be in the variable "
            f"{entry.api_key_env}, which is not set."
        )
    return SecretStr(key)
