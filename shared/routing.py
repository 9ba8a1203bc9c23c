"""Routing: which upstream answers for a model. Pure values; where they come from is the adapters' to know."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import SecretStr

from shared.errors import UpstreamError
from shared.wire.wording import no_such_model

UpstreamApi: TypeAlias = Literal["chat_completions", "responses"]

# A route that answers for every model that no other route names.
ANY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class Route:
    """An upstream and the models that it answers for; a `base_url` of None is the built-in offline one.

    `name` is in logs, and the key of its gate, of what is learned of its models and of who may read a compaction
    item of its own making. `models` are names, or prefixes ending with `*`. `rename` leads from what clients call
    a model to what the provider calls it; its keys are routed here too. `tokenizer` is the family of its models'
    tokenizer, where their names do not tell it. `max_concurrency` bounds what all processes together ask of it at a
    time.
    """

    name: str
    base_url: str | None
    models: tuple[str, ...]
    api: UpstreamApi = "chat_completions"
    api_key: SecretStr | None = None
    context_window_tokens: int | None = None
    native_compaction: bool = False
    structured_summaries: bool = False
    timeout_seconds: float = 600.0
    max_concurrency: int | None = None
    rename: Mapping[str, str] = field(default_factory=dict, hash=False)
    tokenizer: str | None = None

    @property
    def names(self) -> list[str]:
        """The models that are named in full, each once, as clients call them."""
        named = [model for model in self.models if not is_prefix(model)]
        return list(dict.fromkeys([*named, *self.rename]))

    @property
    def prefixes(self) -> list[str]:
        """What the names of further models begin with; the empty string stands for all of them."""
        return [model.removesuffix("*") for model in self.models if is_prefix(model)]

    def closeness(self, model: str) -> float:
        """Return how closely the route names a model: infinite in full, a prefix's length, or -1 for not."""
        if model in self.names:
            return math.inf
        return max((len(prefix) for prefix in self.prefixes if model.startswith(prefix)), default=-1)

    def provider_name(self, model: str) -> str:
        """Return what the provider calls the model."""
        return self.rename.get(model, model)


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes, in the order in which they were listed."""

    routes: tuple[Route, ...] = ()

    def find(self, model: str) -> Route | None:
        """Return the model's route: one that names it in full, else by the longest prefix, else the first."""
        best = max(self.routes, key=lambda route: route.closeness(model), default=None)
        return best if best is not None and best.closeness(model) >= 0 else None

    def for_model(self, model: str) -> Route:
        """Return the model's route. Raises UpstreamError `model_not_found` where there is none."""
        route = self.find(model)
        if route is None:
            raise UpstreamError(no_such_model(model), code="model_not_found", status=404)
        return route

    def is_structured(self, model: str) -> bool:
        """Whether the model's provider can hold a summary to a JSON schema."""
        route = self.find(model)
        return route is not None and route.structured_summaries

    def context_window_tokens(self, model: str) -> int | None:
        """Return the size of the model's window, where its route tells it."""
        route = self.find(model)
        return route.context_window_tokens if route is not None else None


NO_ROUTES = Routes()


def is_prefix(model: str) -> bool:
    """Whether the entry of a route stands for all models whose names begin so."""
    return model.endswith("*")
