"""`hitherto up`, all from one command: the demonstration, what is left of it, and llm-comply.

llm-comply is a checker of Open Responses: each of its checks is a test here.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import llm_comply
import psutil
import pytest
from llm_comply import test_case
from llm_comply.http import close_client
from llm_comply.tests import get_tests
from openai import OpenAI
from rich.console import Console

from api.demo.main import converse
from api.demo.session import load_session
from tests.fixtures.up import Up
from tests.scripted_upstream import Call, Json, Reply, ScriptedUpstream

# llm-comply's own choice of a library's interface.
pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")

# By their names they are models that can reason: llm-comply skips a check for others.
UPSTREAMS = """
[[upstream]]
name = "chat"
base_url = "{url}"
models = ["gpt-5-asked-to-chat"]

[[upstream]]
name = "responses"
base_url = "{url}"
api = "responses"
models = ["gpt-5-asked-for-responses"]
"""
MODELS = ["gpt-5-asked-to-chat", "gpt-5-asked-for-responses"]

CHECKS = get_tests("open-responses")

# The schema has no events for raw reasoning, which is what a chat-completions model streams.
STREAMABLE = [
    check
    for check in CHECKS
    if check.schema_name is not None and not check.streaming and check.id != "reasoning-summary"
]


@dataclass(frozen=True)
class Shown:
    """What came of the demonstration at a server of the defaults, which was asked to end after it."""

    exit_code: int
    screen: str
    children: int
    exit_code_of_the_server: int
    survivors: list[psutil.Process]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def shown(directory: Path) -> Shown:
    up, screen = Up(directory), io.StringIO()
    try:
        with OpenAI(base_url=up.address, api_key="demo", max_retries=0) as client:
            exit_code = converse(Console(file=screen, width=100), client, load_session())
        family = psutil.Process(up.child.pid).children(recursive=True)
    finally:
        servers = up.end()
    _, survivors = psutil.wait_procs(family, timeout=5)
    return Shown(exit_code, screen.getvalue(), len(family), servers, survivors)


@pytest.fixture(scope="module")
def up(directory: Path, shown: Shown, provider: ScriptedUpstream) -> Iterator[Up]:
    """The same server once more, with a provider."""
    path = directory / "upstreams.toml"
    path.write_text(UPSTREAMS.format(url=provider.base_url))
    up = Up(directory, UPSTREAMS_FILE=str(path))
    try:
        yield up
    finally:
        assert up.end() == 0


@pytest.fixture(params=MODELS)
def checker(
    up: Up, upstream: ScriptedUpstream, request: pytest.FixtureRequest
) -> Iterator[llm_comply.TestRunner]:
    upstream.follow(play_the_model)
    schema = llm_comply.SpecLoader(str(resources.files("llm_comply") / "specs" / "openresponses.json"))
    config = llm_comply.ComplianceConfig(base_url=up.address, api_key="test", model=request.param)
    yield llm_comply.TestRunner(config, CHECKS, schema)
    close_client()


def test_every_answer_of_the_demonstration_holds(shown: Shown) -> None:
    assert "8 of 8 answers hold what they must; of the first tenth 3 of 3." in shown.screen
    assert "it remembers" in shown.screen
    assert shown.exit_code == 0


def test_one_signal_ends_everything_and_leaves_nothing_behind(shown: Shown) -> None:
    # The API, two workers, the embedded server; some have a companion that watches over them.
    assert shown.children >= 4
    assert (shown.exit_code_of_the_server, shown.survivors) == (0, [])


def test_what_was_stored_outlives_a_restart(shown: Shown, up: Up) -> None:
    [first] = re.findall(r"\bresp_\w+", shown.screen)
    with OpenAI(base_url=up.address, api_key="test", max_retries=0) as client:
        assert client.responses.retrieve(first).status == "completed"


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


def play_the_model(body: Json) -> Reply:
    """Call the tool that is offered, think when asked to, and answer."""
    if body.get("tools"):
        return Reply(calls=(Call("get_weather", '{"location": "San Francisco"}'),))
    thinks = body.get("reasoning_effort") or body.get("reasoning")
    return Reply("Five hundred and fifty-five.", reasoning="15 times 37." if thinks else "")


def assert_passes(result: llm_comply.TestResult) -> None:
    assert (result.status, result.errors, result.warnings) == (llm_comply.TestStatus.PASSED, [], [])
