"""Settings: one frozen class, read from the environment, every variable prefixed `HITHERTO_`."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    Field,
    IPvAnyNetwork,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.happenings import EVENT_TYPES, WebhookEventType, is_secret

OPENAI_BASE_URL = "https://api.openai.com/v1"


class Settings(BaseSettings):
    """How one process of hitherto runs. README lists each with its unit and default."""

    model_config = SettingsConfigDict(
        env_prefix="HITHERTO_",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
        allow_inf_nan=False,
        # Celery's own command shows a worker's traceback, and pydantic's message quotes what may be a key.
        hide_input_in_errors=True,
    )

    redis_url: str | None = None
    broker_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    api_keys: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list)
    data_dir: Path = Path(".hitherto")
    embedded_max_memory_bytes: PositiveInt | None = None
    max_body_bytes: PositiveInt = 16 * 1024 * 1024

    upstream_base_url: str | None = None
    upstream_api_key: SecretStr | None = None
    upstream_api: Literal["chat_completions", "responses"] = "chat_completions"
    upstream_timeout_seconds: PositiveFloat = 600.0
    upstream_max_concurrency: PositiveInt | None = None
    upstream_max_failures: int = Field(default=30, ge=0)
    upstreams_file: Path | None = None
    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("OPENAI_API_KEY"))
    context_window_tokens: PositiveInt | None = None

    summarizer: Literal["auto", "model", "ledger", "native"] = "auto"
    summarizer_model: str | None = None
    summarizer_base_url: str | None = None
    summarizer_api_key: SecretStr | None = None
    summarizer_window_tokens: PositiveInt = 100_000
    summarizer_mode: Literal["fenced", "in_place"] = "fenced"
    summarizer_prompt_file: Path | None = None
    summary_sections: Annotated[list[str], NoDecode] = Field(default_factory=list)
    structured_summaries: bool | None = None

    min_compact_threshold: PositiveInt = 1000
    default_compact_threshold: PositiveInt | None = None
    compact_target_tokens: PositiveInt | None = None
    compact_ahead_ratio: float = Field(default=0.8, ge=0, le=1)
    keep_user_tokens: PositiveInt = 64_000
    keep_user_share: float | None = Field(default=None, ge=0, le=0.5)
    keep_recent_share: float | None = Field(default=None, ge=0, le=0.3)
    summary_share: float = Field(default=0.5, ge=0.1, le=0.9)
    pins: Annotated[list[str], NoDecode] = Field(default_factory=list)

    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    webhook_event_types: Annotated[list[WebhookEventType], NoDecode] = Field(
        default_factory=lambda: list(EVENT_TYPES)
    )
    webhook_allowed_networks: Annotated[list[IPvAnyNetwork], NoDecode] = Field(default_factory=list)
    webhook_timeout_seconds: PositiveFloat = 5.0
    webhook_retry_seconds: PositiveFloat = 5.0

    encryption_keys: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list)
    response_ttl_seconds: PositiveInt = 30 * 24 * 3600
    response_deadline_seconds: PositiveFloat = 24 * 3600.0
    foreground_deadline_seconds: PositiveFloat = 3600.0
    compaction_deadline_seconds: PositiveFloat = 1800.0
    compaction_wait_seconds: PositiveFloat = 300.0
    lease_seconds: PositiveFloat = 30.0
    max_attempts: PositiveInt = 3
    drain_grace_seconds: float = Field(default=20.0, ge=0)
    max_queued: PositiveInt = 10_000
    max_queued_per_tenant: PositiveInt = 5_000
    max_memory_ratio: float = Field(default=0.85, gt=0, le=1)
    tokenizer_encoding: str = "o200k_base"

    @field_validator(
        "api_keys",
        "encryption_keys",
        "summary_sections",
        "webhook_event_types",
        "webhook_allowed_networks",
        mode="before",
    )
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        """Take a list as text with commas, which is how the environment carries it."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("pins", mode="before")
    @classmethod
    def _split_lines(cls, value: Any) -> Any:
        """Take texts one a line: they have commas of their own."""
        if isinstance(value, str):
            return [line.strip() for line in value.splitlines() if line.strip()]
        return value

    @model_validator(mode="after")
    def _sign_webhooks(self) -> Self:
        if self.webhook_url is None:
            return self
        if self.webhook_secret is None or not is_secret(self.webhook_secret.get_secret_value()):
            raise ValueError("WEBHOOK_URL needs a WEBHOOK_SECRET: whsec_ and 24 to 64 bytes in base64")
        return self

    @property
    def upstream_url(self) -> str | None:
        """Where the provider is that answers for every model which no file routes, if there is one.

        OPENAI_API_KEY alone means OpenAI, but not beside a file: what that leaves out is not for others.
        """
        if self.upstream_base_url is not None:
            return self.upstream_base_url
        alone = self.openai_api_key is not None and self.upstreams_file is None
        return OPENAI_BASE_URL if alone else None

    @property
    def upstream_key(self) -> str | None:
        """The key for the model provider. OPENAI_API_KEY is sent to OpenAI and to nobody else."""
        return _value(self.upstream_api_key) or self._openai_key_for(self.upstream_url)

    @property
    def summarizer_key(self) -> str | None:
        """The key for a summariser at an address of its own: the upstream's goes only where that is."""
        own = _value(self.summarizer_api_key)
        if own is not None:
            return own
        if _origin(self.summarizer_base_url) == _origin(self.upstream_url):
            return self.upstream_key
        return self._openai_key_for(self.summarizer_base_url)

    @property
    def summarizes_with_model(self) -> bool:
        """Whether a model writes summaries; else the ledger alone is the record."""
        if self.summarizer == "auto":
            return any((self.upstream_url, self.upstreams_file, self.summarizer_base_url))
        return self.summarizer == "model"

    def _openai_key_for(self, url: str | None) -> str | None:
        is_openai = url is not None and url.rstrip("/") == OPENAI_BASE_URL
        return _value(self.openai_api_key) if is_openai else None


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _origin(url: str | None) -> str | None:
    """Return where an address leads, without its path."""
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
