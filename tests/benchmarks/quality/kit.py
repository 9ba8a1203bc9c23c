"""Sessions of compaction-conformance-kit, stretched with our small talk to the size of a real one."""

import random
from collections.abc import Iterator, Sequence

from compaction_kit import (
    Canary,
    build_generated_session,
    build_random_session,
    build_semantic_heldout_session,
    build_semantic_session,
)
from compaction_kit.session import Turn

from shared.wire.items import Item, Role
from tests.benchmarks.quality.chats import CHARACTERS_PER_TOKEN, Session
from tests.benchmarks.quality.planted import Probe
from tests.benchmarks.quality.small_talk import say
from tests.benchmarks.quality.workdays import WORKDAYS

_ROLES: dict[str, Role] = {"system": "system", "assistant": "assistant"}


def kit_session(rng: random.Random, tokens: int) -> Session:
    """Return one of the kit's sessions with small talk between its turns, and a probe per canary."""
    seed = rng.randrange(10_000)
    turns, canaries = list(_built(seed))[seed % 4]
    return Session(list(_stretched(rng, turns, tokens)), [_probe(canary) for canary in canaries])


def _built(seed: int) -> Iterator[tuple[Sequence[Turn], Sequence[Canary]]]:
    for build in (build_random_session, build_generated_session):
        session, canaries = build(seed)
        yield session.turns, canaries
    for build_updated in (build_semantic_session, build_semantic_heldout_session):
        session, canaries, _ = build_updated(seed)
        yield session.turns, canaries


def _stretched(rng: random.Random, turns: Sequence[Turn], tokens: int) -> Iterator[Item]:
    own = sum(len(turn.text) for turn in turns)
    between = max(tokens * CHARACTERS_PER_TOKEN - own, 0) / max(len(turns) // 2, 1)
    for index, turn in enumerate(turns):
        if turn.role == "user" and index > 1:
            yield from WORKDAYS.exchanges(rng, int(between))
        yield say(_ROLES.get(turn.role, "user"), turn.text)


def _probe(canary: Canary) -> Probe:
    kind = "update" if canary.superseded_tokens else canary.type.value.replace("_", " ")
    needles = dict.fromkeys(
        (*canary.required_tokens, *canary.behavior_required_tokens, *canary.exact_use_required_tokens)
    )
    return Probe(kind, tuple(needles), canary.superseded_tokens)
