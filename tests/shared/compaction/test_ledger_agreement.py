"""What the model proposes and the user says yes to is settled, in any language."""

import pytest

from shared.compaction.ledger import Section, collect
from shared.compaction.ledger.agreement import agrees
from tests.shared.compaction.ledger_sessions import say


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes, exactly so. How does the rest fit in?", True),
        ("Good, do it that way.", True),
        ("Sounds good to me.", True),
        ("Ja, genau so machen wir es.", True),
        ("Sim, combinado, faremos assim.", True),
        ("Tak, zgoda, tak zrobimy.", True),
        ("好的，同意，就这么办。", True),
        ("はい、それでお願いします。", True),
        ("네, 좋아요. 그렇게 합시다.", True),
        ("हाँ, ठीक है, ऐसा ही करते हैं।", True),
        ("نعم، موافق، لنفعل ذلك.", True),
        ("Yes, but not before May.", False),
        ("OK?", False),
        ("No, leave it.", False),
        (
            "Right after lunch we should look at all the other things that came up in the meeting today.",
            False,
        ),
        ("", False),
    ],
)
def test_tells_a_yes(text: str, expected: bool) -> None:
    assert agrees(text) is expected


@pytest.mark.parametrize(
    "proposal", ["Shards go by customer id, as ordering matters there.", "照明は白にしましょう。"]
)
def test_what_is_agreed_to_is_a_decision(proposal: str) -> None:
    filler = " ".join(
        f"The {thing} depends on the weather and on little else." for thing in ("roof", "door", "fence")
    )
    answer = say("assistant", f"{proposal}\n\n{filler}")

    def decided(reply: str) -> list[str]:
        entries = collect([say("user", "What do we do?"), answer, say("user", reply)]).entries
        return [entry.text for entry in entries if entry.section is Section.DECISION]

    assert proposal in decided("Yes, exactly so.")
    assert proposal not in decided("Why is that?")
