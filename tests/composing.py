"""What a composer tells of a model's events, and an outline of it."""

from collections.abc import Sequence

from shared.composer import Composer
from shared.prompt import Finished, UpstreamEvent
from shared.wire.model import JsonObject

STOP = Finished("stop")


def composed(*events: UpstreamEvent, composer: Composer | None = None) -> list[JsonObject]:
    composer = composer or Composer()
    return [told for event in events for told in composer.apply(event)]


def outline(events: Sequence[JsonObject]) -> list[str]:
    """Each event in a line: its type, the output index, and what it says."""
    return [
        " ".join(
            [
                event["type"].removeprefix("response."),
                *(
                    str(event[name])
                    for name in ("output_index", "content_index", "summary_index")
                    if name in event
                ),
                *(
                    repr(event[name])
                    for name in ("delta", "text", "refusal", "arguments", "input")
                    if name in event
                ),
                *([event["item"].get("status", "-")] if "item" in event else []),
            ]
        )
        for event in events
    ]
