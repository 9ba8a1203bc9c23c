"""The provider that the adapters of upstreams talk to."""

from collections.abc import Iterator

import pytest

from tests.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="package")
def scripted() -> Iterator[ScriptedUpstream]:
    """One of its own: the whole servers that other tests run may still ask theirs."""
    with ScriptedUpstream() as provider:
        yield provider


@pytest.fixture
def provider(scripted: ScriptedUpstream) -> ScriptedUpstream:
    """The provider, which has seen nothing yet and answers by the model's name."""
    scripted.follow()
    return scripted
