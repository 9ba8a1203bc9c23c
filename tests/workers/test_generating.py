"""What a worker does with a turn whose upstream cannot be asked now."""

import pytest

from shared.errors import UpstreamBusy
from workers.generating import deferred_seconds


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [(None, 1, 1.5), (20, 20, 30), (10**9, 3600, 5400)],
    ids=["none", "some", "months"],
)
def test_a_turn_waits_as_long_as_the_provider_asks_but_not_for_ever(
    asked: int | None, least: float, most: float
) -> None:
    busy = UpstreamBusy(retry_after_seconds=asked)

    waits = {deferred_seconds(busy) for _ in range(20)}

    assert all(least <= seconds <= most for seconds in waits)
    assert len(waits) > 1  # not all at the same moment
