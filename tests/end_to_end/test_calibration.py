"""Counts learn from what a provider reports: through real processes, for thresholds and for clients that ask."""

from collections.abc import Iterator

import pytest
from openai import OpenAI

from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House
from tests.fixtures.polling import answer, finished
from tests.scripted_frames import count_tokens
from tests.scripted_upstream import Json, Reply, ScriptedUpstream

FACTORS = {"coarse": 1.3, "fine": 0.8, "silent": None, "absurd": 0.01}


def reports(body: Json) -> Reply:
    """Report as many tokens as the model's tokenizer makes of the prompt, and what a template adds."""
    factor = FACTORS.get(str(body["model"]))
    tokens = 0 if factor is None else round(60 + factor * count_tokens(body["messages"]))
    return Reply("Fine.", input_tokens=tokens)


@pytest.fixture(scope="module")
def client(module_house: House) -> Iterator[OpenAI]:
    with ScriptedUpstream(reports) as provider:
        module_house.settings |= {"UPSTREAM_BASE_URL": provider.base_url, "SUMMARIZER": "ledger"}
        address = module_house.start_api()
        module_house.start_worker()
        yield module_house.client(address)


WINDOW = long_conversation(30)


@pytest.mark.parametrize(
    ("model", "factor"), [("coarse", 1.3), ("fine", 0.8), ("silent", 1.0), ("absurd", 1.0)]
)
def test_three_turns_teach_how_a_model_counts(client: OpenAI, model: str, factor: float) -> None:
    for exchanges in (6, 12, 18):
        # Workers learn, the API is asked: they share what is known.
        turn = client.responses.create(model=model, input=long_conversation(exchanges), background=True)  # type: ignore[arg-type]  # plain dicts
        finished(client, turn.id)
    true = 60 * (factor != 1) + factor * count_tokens(WINDOW)

    asked = client.responses.input_tokens.count(model=model, input=WINDOW)  # type: ignore[arg-type]  # plain dicts

    assert -0.05 < asked.input_tokens / true - 1 < 0.08


def test_a_threshold_is_crossed_by_the_models_tokens(client: OpenAI) -> None:
    answer(client, model="coarse", input=long_conversation(18))
    counted = client.responses.input_tokens.count(model="never asked", input=WINDOW).input_tokens  # type: ignore[arg-type]  # plain dicts
    management = [{"type": "compaction", "compact_threshold": round(1.1 * counted)}]

    coarse = answer(client, model="coarse", input=WINDOW, context_management=management)
    other = answer(client, model="never asked", input=WINDOW, context_management=management)

    assert [item.type for item in coarse.output] == ["compaction", "message"]
    assert [item.type for item in other.output] == ["message"]
