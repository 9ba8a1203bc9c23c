"""Settings that are each of their type and cannot be used: said before anything runs, in one sentence."""

from shared.adapters.operator import operator_choice
from shared.adapters.sealer import AesGcmSealer
from shared.adapters.tiktoken import TiktokenCounter
from shared.adapters.upstreams.configured import configured_routes
from shared.adapters.webhooks.sender import HttpSender
from shared.errors import ConfigurationError, HithertoError
from shared.settings import Settings


def check_settings(settings: Settings) -> None:
    """Raise ConfigurationError for what every process of the server would fail at when it starts."""
    configured_routes(settings)
    check_texts(settings)
    check_encryption_keys(settings)


def check_texts(settings: Settings) -> None:
    """Raise ConfigurationError for a choice of the operator's that is none."""
    operator_choice(settings)
    HttpSender(settings)
    try:
        TiktokenCounter(settings.tokenizer_encoding)
    except HithertoError as error:
        raise ConfigurationError(f"Wrong HITHERTO_TOKENIZER_ENCODING: {error.message}") from error


def check_encryption_keys(settings: Settings) -> None:
    """Raise ConfigurationError for a key that is none; it is not quoted."""
    if not settings.encryption_keys:
        return
    try:
        AesGcmSealer([key.get_secret_value() for key in settings.encryption_keys])
    except HithertoError as error:
        raise ConfigurationError(f"Wrong HITHERTO_ENCRYPTION_KEYS: {error.message}") from error
