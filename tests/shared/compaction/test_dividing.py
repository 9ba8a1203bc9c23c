"""A window is divided where no call is parted from its output."""

from hypothesis import given
from hypothesis import strategies as st

from shared.compaction.plan import split_window
from shared.window.calls import safe_cuts
from shared.window.payload import SizedItem
from tests.strategies import conversations


@given(conversations(min_size=1), st.integers(0, 3000))
def test_the_tail_is_never_empty_and_never_parts_a_call_from_its_output(
    history: list[SizedItem], tail_tokens: int
) -> None:
    tokens = [entry.tokens for entry in history]
    cuts = safe_cuts([entry.item for entry in history])

    cut = split_window(tokens, cuts, tail_tokens=tail_tokens)

    assert 0 <= cut < len(history)
    assert cuts[cut]
    newest_cut = max(place for place in range(len(history)) if cuts[place])
    assert sum(tokens[cut:]) <= tail_tokens or cut == newest_cut


@given(conversations(min_size=1), st.integers(0, 3000))
def test_the_tail_is_the_longest_that_fits(history: list[SizedItem], tail_tokens: int) -> None:
    tokens = [entry.tokens for entry in history]
    cuts = safe_cuts([entry.item for entry in history])

    cut = split_window(tokens, cuts, tail_tokens=tail_tokens)

    assert not any(cuts[place] and sum(tokens[place:]) <= tail_tokens for place in range(cut))


def test_a_window_that_can_be_cut_nowhere_is_all_tail() -> None:
    assert split_window([5, 5], [False, False, True], tail_tokens=100) == 0
    assert split_window([], [True], tail_tokens=100) == 0
