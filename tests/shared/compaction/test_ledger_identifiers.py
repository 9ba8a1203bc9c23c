"""Which names of tools and models are worth a line: the table of what is not one."""

from collections.abc import Mapping

import pytest

from shared.compaction.ledger import Section
from tests.shared.compaction.ledger_calls import called, entries_of, returned


def _names(*items: Mapping[str, object]) -> list[str]:
    return [entry.text for entry in entries_of(Section.IDENTIFIER, items)]


_PRINTED = [
    ("a line of a file", "    8→export const build = 'BX-771'\n    9→  port 8080", ["BX-771"]),
    ("JSON", '{"listing": "total 232\\n-rw-r--r-- 1 ada dev BX-771"}', ["BX-771"]),
    ("a call in code", "@pytest.mark.parametrize('lines', BX-771)", ["BX-771"]),
    ("types and counts", "u64 uint16 e212 1,220p 40k BX-771", ["BX-771"]),
    ("a row", "base,15533.33 percent,8 BX-771", ["BX-771"]),
    ("codes and hashes", "E0382 7c0b2f9 src/a.py", ["E0382", "7c0b2f9", "src/a.py"]),
]


@pytest.mark.parametrize(("output", "names"), [row[1:] for row in _PRINTED], ids=[row[0] for row in _PRINTED])
def test_keeps_the_names_in_what_a_tool_printed(output: str, names: list[str]) -> None:
    assert _names(returned(output)) == names


def test_the_pages_of_a_reader_are_no_names() -> None:
    assert _names(called("bash", {"command": "sed -n '1,220p' src/a.py"})) == ["src/a.py"]


def test_a_tag_around_what_a_user_says_is_no_name() -> None:
    message = {
        "role": "user",
        "content": "<issue_description>\nThe parse_row() of ACME-12 fails.\n</issue_description>",
    }

    assert "issue_description" not in _names(message)
    assert "ACME-12" in _names(message)


def test_a_file_that_was_only_read_comes_behind_what_a_call_was_about() -> None:
    items = [called("read_file", {"path": "src/a.py"}), called("get_order", {"id": "ORD-771"}, "c2")]

    read, asked = entries_of(Section.IDENTIFIER, items)

    assert read.score < asked.score
