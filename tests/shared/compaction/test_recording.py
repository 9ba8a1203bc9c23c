"""A record has its size, and in it what binds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.tiktoken import TiktokenCounter
from shared.compaction.ledger import Ledger, collect
from shared.compaction.outline import SECTIONS
from shared.compaction.policy import Policy
from shared.compaction.record import record_tokens
from shared.compaction.recording import make_record
from shared.wire.items import parse_items
from tests.talk import RULE, assistant, user

COUNT = TiktokenCounter().count
LEDGER = collect(
    parse_items(
        [
            user(f"{RULE} Never push to main."),
            *(assistant(f"The file src/part_{number}.py has {number} lines.") for number in range(60)),
        ]
    )
)
PROSE = "\n".join(f"## {section}\n" + "- The step before took all of it.\n" * 60 for section in SECTIONS)


def policy(share: float = 0.5) -> Policy:
    return Policy(target_tokens=1, user_tokens=0, recent_tokens=0, summary_share=share)


@settings(max_examples=25)
@given(st.integers(150, 5_000), st.sampled_from([0.1, 0.5, 0.9]), st.sampled_from([None, PROSE]))
def test_it_is_never_larger_than_it_may_be(size: int, share: float, summary: str | None) -> None:
    record = make_record(LEDGER, summary, policy(share), max_tokens=size, count=COUNT)

    assert record_tokens(record.text, COUNT) <= size
    assert (record.left_out > 0) is (record.summary != summary)


@settings(max_examples=25)
@given(st.integers(256, 5_000), st.sampled_from([0.1, 0.5, 0.9]))
def test_what_binds_comes_before_any_summary(size: int, share: float) -> None:
    record = make_record(LEDGER, PROSE, policy(share), max_tokens=size, count=COUNT)

    assert all(rule in record.text for rule in (RULE, "Never push to main."))


def test_the_summary_keeps_half_of_its_share_beside_rules_of_any_number() -> None:
    rules = collect(parse_items([user(f"Never open gate {number} by hand.") for number in range(400)]))

    record = make_record(rules, PROSE, policy(), max_tokens=2_000, count=COUNT)

    assert 400 < COUNT(record.summary or "") < 500
    assert record.text.count("Never open gate") > 50


def test_what_fits_is_all_there() -> None:
    record = make_record(LEDGER, PROSE, policy(0.1), max_tokens=50_000, count=COUNT)

    assert (record.ledger, record.summary, record.left_out) == (LEDGER, PROSE, 0)
    assert make_record(Ledger(), None, policy(), max_tokens=100, count=COUNT).text == ""


_LONG = (
    "Could you walk me through how the parser works, and what the usual way is to combine it with billing? "
)


def test_a_large_quote_gives_way_to_what_the_user_stated() -> None:
    said = [
        _LONG * 3,
        "The incident ticket is INC-55120.",
        "We decided to use Kafka because it scales.",
        _LONG,
    ]
    known = collect(parse_items([user(text) for text in said]))

    record = make_record(known, None, policy(), max_tokens=110, count=COUNT)

    assert "First request" not in record.text
    assert all(each in record.text for each in said[1:3])


def test_sections_that_say_nothing_take_no_room_from_what_was_said() -> None:
    summary = (
        "\n\n".join(f"## {section}\nNone." for section in SECTIONS[1:]) + f"\n\n## {SECTIONS[0]}\nShip it."
    )

    record = make_record(LEDGER, summary, policy(), max_tokens=300, count=COUNT)

    assert (record.summary, record.left_out) == (f"## {SECTIONS[0]}\nShip it.", 0)
    assert make_record(LEDGER, summary, policy(), max_tokens=50_000, count=COUNT).summary == summary
