"""What the operator chose for all compactions, read from the settings and the file that they name."""

from shared.compaction.outline import OUTLINE, read_outline
from shared.compaction.policy import Choice
from shared.errors import ConfigurationError
from shared.settings import Settings

# A prompt stands twice in every request for a summary.
_LONGEST_PROMPT = 8_000
# Pins stand in every record, however small it is.
_MOST_PINS = 64
_LONGEST_PINS = 16_384


def operator_choice(settings: Settings) -> Choice:
    """Return the operator's choice. Raises ConfigurationError for what cannot be."""
    outline = OUTLINE
    if settings.summary_sections:
        try:
            outline = read_outline(settings.summary_sections)
        except ValueError as error:
            raise ConfigurationError(f"Wrong HITHERTO_SUMMARY_SECTIONS: {error}.") from error
    return Choice(
        user_tokens=settings.keep_user_tokens,
        user_share=settings.keep_user_share,
        recent_share=settings.keep_recent_share,
        summary_share=settings.summary_share,
        sections=outline.sections,
        rule_sections=outline.rules,
        prompt=_prompt(settings),
        pins=_pins(settings),
    )


def _prompt(settings: Settings) -> str | None:
    path = settings.summarizer_prompt_file
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"Cannot read the summariser's prompt {path}: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationError(f"The summariser's prompt {path} is not UTF-8.") from error
    if not 1 <= len(text) <= _LONGEST_PROMPT:
        raise ConfigurationError(
            f"The summariser's prompt {path} must have 1 to {_LONGEST_PROMPT} characters: it has {len(text)}."
        )
    return text


def _pins(settings: Settings) -> tuple[str, ...]:
    characters = sum(len(pin) for pin in settings.pins)
    if len(settings.pins) > _MOST_PINS or characters > _LONGEST_PINS:
        raise ConfigurationError(
            f"Wrong HITHERTO_PINS: at most {_MOST_PINS} lines of {_LONGEST_PINS} characters in all may be "
            f"pinned, and these are {len(settings.pins)} of {characters}."
        )
    return tuple(dict.fromkeys(settings.pins))
