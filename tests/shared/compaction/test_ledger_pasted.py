"""What people paste is told from what they say: a document binds nobody, and does not crowd out its sender."""

import pytest

from shared.compaction.ledger import Entry, Section, collect
from shared.compaction.ledger.pasted import Origin, lines_by_origin
from shared.wire.items import Item
from tests.shared.compaction.ledger_sessions import say, tokens

MANUAL = (
    "The encoder must be a tuple of two parts. The first part is a bytes object that holds what was not converted yet. "
    "A stream should never be read twice. Its state is kept until the next call, which is why the buffer is small. "
    "Each filter shall be given by name. Older versions of the format are not supported by this module. "
    "The level of compression defaults to 6, and values above 9 are refused by the writer."
)
MINUTES = "\n".join(
    f"[{hour}:07] Wanda: the {thing} came up again."
    for hour, thing in enumerate(("roof", "door", "fence"), 8)
)
TABLE = "\n".join(f"{row},2026-04-0{row},Bruno,join key,64{row}.97,the older one" for row in range(1, 6))
TALK = (
    "My notes are a mess. What do you make of it? I had a look while I was on the tram. The electrician, Quentin "
    "Eriksen, comes on Thursdays. We saw many of those last month. Is there a rule of thumb? I never got the hang of it. "
    "Could you put both side by side for me?"
)
RULES = "\n".join(
    f"- {order} in the billing module when you change something there for whatever reason it may be, at any time"
    for order in ("Never use floats", "Always add a test", "Avoid globals", "Keep functions short", "Only use UTC",
                  "Never log cards", "Use type hints", "Don't touch migrations")
)  # fmt: skip


def _entries(*items: Item) -> list[Entry]:
    return list(collect(items).entries)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        pytest.param("Never deploy on Fridays.", ["own"], id="a sentence"),
        pytest.param(TALK, ["own"], id="talk, however long"),
        pytest.param(f"What is this?\n\n{MANUAL}", ["own", "excerpt"], id="an excerpt behind a question"),
        pytest.param(f"{MANUAL}\n\nNever use this.", ["excerpt", "own"], id="a word behind an excerpt"),
        pytest.param(f"So?\n\n{MANUAL}\n\n{MANUAL}", ["own", "text", "text"], id="a text"),
        pytest.param(TABLE, ["data"] * 5, id="a table"),
        pytest.param(MINUTES, ["data"] * 3, id="a log"),
        pytest.param("1,000 boxes, 20 crates, 3 vans, 1 ship", ["own"], id="one row is no table"),
        pytest.param("```\nx = 1\n```", ["fenced"], id="a fence"),
        pytest.param("我在准备公司搬家。" * 8, ["own"], id="a language of which too little is known"),
        pytest.param("Piekarnia otwiera bardzo wcześnie rano. " * 8, ["own"], id="another one"),
    ],
)
def test_tells_where_a_line_comes_from(text: str, origins: list[str]) -> None:
    assert [origin.value for _, origin in lines_by_origin(text)] == origins


def test_a_pasted_document_lays_down_no_rules() -> None:
    entries = _entries(say("user", f"What do you make of it?\n\n{MANUAL}\n\n{MANUAL}"))

    assert not [entry for entry in entries if entry.hard or entry.section is Section.RULE]


def test_a_list_of_rules_is_followed_whoever_wrote_it() -> None:
    entries = _entries(say("user", RULES))

    assert {origin for _, origin in lines_by_origin(RULES)} == {Origin.EXCERPT}
    assert sum(entry.hard for entry in entries) >= 4


def test_what_is_said_comes_before_what_is_pasted() -> None:
    said = ["If I write that my chest hurts, tell me to call 112.", "My insurance number is K482 119 305."]
    pasted = [f"Here is more.\n\n{MANUAL}\n\n{TABLE}\n\n{MINUTES}" for _ in range(12)]
    ledger = collect([say("user", text) for text in (*said, *pasted, "Go on.")])

    rendered = ledger.fitted(120, tokens).render()

    assert all(text in rendered for text in said)


def test_rows_and_times_of_day_are_no_identifiers() -> None:
    names = {
        entry.text for entry in _entries(say("user", f"{TABLE}\n{MINUTES}")) if entry.key.startswith("i:")
    }

    assert not names


def test_a_heading_is_no_label() -> None:
    entries = _entries(say("user", "Alert rule / storage class: the release train is older than the mesh."))

    assert not any(entry.hard for entry in entries)


@pytest.mark.parametrize(
    "text",
    [
        "Make it a habit to put the page number behind each quotation, will you?",
        "A detail maybe, but always give temperatures in kelvin.",
        "My sister is pregnant, so raw egg and raw fish are out.",
        "Grandpa should stay away from grapefruit.",
    ],
)
def test_what_is_said_politely_or_in_passing_counts_as_said(text: str) -> None:
    [kept] = [entry for entry in _entries(say("user", text), say("user", "Go on.")) if entry.text == text]

    assert kept.section in {Section.RULE, Section.PREFERENCE}
    assert kept.score >= 50
