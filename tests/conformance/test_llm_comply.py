"""llm-comply, a checker of Open Responses, against the whole server: each of its checks is a test here."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import resources

import llm_comply
import pytest
from llm_comply import test_case
from llm_comply.http import close_client
from llm_comply.tests import get_tests

from tests.scripted_upstream import Call, Json, Reply, ScriptedUpstream

# llm-comply's own choice of a library's interface.
pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")

# By its name, it is one of the models that can reason: llm-comply skips a check for others.
MODEL = "gpt-5-scripted"

CHECKS = get_tests("open-responses")

# The schema has no events for raw reasoning, which is what a chat-completions model streams.
STREAMABLE = [
    check
    for check in CHECKS
    if check.schema_name is not None and not check.streaming and check.id != "reasoning-summary"
]


def play_the_model(body: Json) -> Reply:
    """Call the tool that is offered, think when asked to, and answer."""
    if body.get("tools"):
        return Reply(calls=(Call("get_weather", '{"location": "San Francisco"}'),))
    thinks = body.get("reasoning_effort") or body.get("reasoning")
    return Reply("Five hundred and fifty-five.", reasoning="15 times 37." if thinks else "")


@pytest.fixture(params=["address", "passing_address"], ids=["chat_completions", "responses"])
def door(request: pytest.FixtureRequest) -> str:
    """The address of the server over an upstream with either of OpenAI's APIs."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def checker(door: str, upstream: ScriptedUpstream) -> Iterator[llm_comply.TestRunner]:
    upstream.follow(play_the_model)
    schema = llm_comply.SpecLoader(str(resources.files("llm_comply") / "specs" / "openresponses.json"))
    config = llm_comply.ComplianceConfig(base_url=door, api_key="test", model=MODEL)
    yield llm_comply.TestRunner(config, CHECKS, schema)
    close_client()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_passes_without_a_warning(
    checker: llm_comply.TestRunner, check: test_case.TestCase
) -> None:
    assert_passes(checker.run_one(check))


@pytest.mark.parametrize("check", STREAMABLE, ids=lambda check: check.id)
def test_every_answer_passes_as_a_stream_too(
    checker: llm_comply.TestRunner, check: test_case.TestCase
) -> None:
    assert_passes(checker.run_one(replace(check, streaming=True)))


def assert_passes(result: llm_comply.TestResult) -> None:
    assert (result.status, result.errors, result.warnings) == (llm_comply.TestStatus.PASSED, [], [])
