"""A run of a turn: what is known on the way, and what the upstream is asked by it."""

from dataclasses import dataclass, field

from shared.composer import Composer
from shared.history import ResolvedWindow
from shared.ports import Progress
from shared.prompt import Prompt, Sampling
from shared.turns import Turn
from shared.window.calibration import EXACT, Correction, Size
from shared.window.configuration import with_update
from shared.window.entry import Entry
from shared.window.payload import SizedItem
from shared.window.sizing import size_of_items, size_of_window
from shared.wire.items import ConfigurationUpdate
from shared.wire.model import JsonObject
from shared.wire.responses import Usage

# How long a turn may wait until its upstream takes it: a client is told, a worker has others to do.
_FOREGROUND_PATIENCE_SECONDS, _BACKGROUND_PATIENCE_SECONDS = 5.0, 10.0

# OpenAI's least `max_output_tokens`: providers refuse to be asked for less.
_LEAST_OUTPUT_TOKENS = 16


@dataclass(slots=True)
class Run:
    """One run of a turn: what it works with, and where it tells of it."""

    turn: Turn
    composer: Composer
    progress: Progress
    window: ResolvedWindow
    entries: list[Entry]
    # What the items of the window set for this answer, and for those to come.
    configuration: ConfigurationUpdate | None
    # How the model's own tokens follow from those that are counted, and what surrounds the items.
    correction: Correction = EXACT
    overhead: int = 0
    usage: Usage = field(default_factory=Usage)
    # What the model is given of the entries.
    given: list[SizedItem] = field(default_factory=list)
    # The events that end the last item.
    closing: list[JsonObject] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """What the window is in the model's tokens, with all that surrounds it."""
        return self.correction.real(size_of_window(self.entries, overhead=self.overhead))

    @property
    def given_size(self) -> Size:
        """What was counted of all that the model is given."""
        return size_of_items(self.given, overhead=self.overhead)

    @property
    def output_tokens_left(self) -> int | None:
        """What `max_output_tokens` leaves for the answer: it pays for all that the usage counts."""
        limit = self.turn.request.max_output_tokens
        return None if limit is None else limit - self.usage.output_tokens

    @property
    def is_spent(self) -> bool:
        """Whether the compaction left too little for any answer."""
        left = self.output_tokens_left
        return left is not None and left < _LEAST_OUTPUT_TOKENS

    @property
    def text(self) -> JsonObject | None:
        """The form that the answer is to have."""
        update = self.configuration
        return with_update(self.turn.request.text, update.text if update else None)

    @property
    def reasoning(self) -> JsonObject | None:
        """How the model is to think."""
        update = self.configuration
        return with_update(self.turn.request.reasoning, update.reasoning if update else None)


def prompt_of(run: Run) -> Prompt:
    """Return what the upstream is asked."""
    request = run.turn.request
    options = request.prompt_cache_options
    return Prompt(
        model=request.model,
        items=[entry.item for entry in run.given if not isinstance(entry.item, ConfigurationUpdate)],
        instructions=request.instructions,
        patience_seconds=(
            _BACKGROUND_PATIENCE_SECONDS if request.is_background else _FOREGROUND_PATIENCE_SECONDS
        ),
        sampling=Sampling(
            temperature=request.temperature,
            top_p=request.top_p,
            max_output_tokens=run.output_tokens_left,
            presence_penalty=request.presence_penalty,
            frequency_penalty=request.frequency_penalty,
            top_logprobs=request.top_logprobs,
            tools=request.tools or [],
            tool_choice=request.tool_choice,
            parallel_tool_calls=request.parallel_tool_calls,
            text=run.text,
            reasoning=run.reasoning,
            max_tool_calls=request.max_tool_calls,
            include=[*(request.include or [])],
            prompt_cache_key=request.prompt_cache_key,
            prompt_cache_retention=request.prompt_cache_retention,
            prompt_cache_options=options.to_json() if options else None,
            safety_identifier=request.safety_identifier,
            user=request.user,
            service_tier=request.service_tier,
            truncation=request.truncation,
        ),
    )
