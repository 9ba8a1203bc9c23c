"""What a command or a call is worth: builds and changes come before looks, and a family wears."""

import pytest

from shared.compaction.ledger import Section, collect
from shared.wire.items import parse_items
from tests.shared.compaction.ledger_calls import called, entries_of, errors_in, returned


def _score(name: str, arguments: dict[str, object], output: str = "ok") -> int:
    return entries_of(Section.COMMAND, [called(name, arguments), returned(output)])[0].score


def _score_of(command: str, output: str = "ok") -> int:
    return _score("bash", {"command": command}, output)


_LOOKS = ["git log -n 3", "git -C /w status", "kubectl -n prod get pods", "docker logs web", "npm ls", "cat a | wc -l", "terraform -chdir=envs show"]  # fmt: skip
_BUILDS = ["git commit -m show", "kubectl apply -f a.yaml", "docker compose up", "npm test", "cd /w && make"]


@pytest.mark.parametrize("command", _LOOKS)
def test_a_look_is_worth_less_than_a_run(command: str) -> None:
    assert _score_of(command) < _score_of("./deploy.sh")


@pytest.mark.parametrize("command", _BUILDS)
def test_a_build_or_a_change_is_worth_more_than_a_run(command: str) -> None:
    assert _score_of(command) > _score_of("./deploy.sh")


def test_a_look_that_showed_an_error_is_worth_more_than_one_that_did_not() -> None:
    shown = (f'{{"exit_code": 0, "stdout": "web {state}"}}' for state in ("CrashLoopBackOff", "Running"))
    told, silent = (_score_of("kubectl get pods", each) for each in shown)

    assert told > silent


def test_a_tool_that_changes_something_is_worth_more_than_one_that_looks() -> None:
    changed, other, looked = (
        _score(name, {"id": 7}) for name in ("crm__update_deal", "crm__deal", "crm__get_deal")
    )

    assert changed > other > looked


def test_of_a_family_only_the_newest_keep_their_score() -> None:
    items = [
        each
        for n in range(9)
        for each in (called("bash", {"command": f"make check-x{n}"}, f"c{n}"), returned("75 passed", f"c{n}"))
    ]

    scores = [entry.score for entry in entries_of(Section.COMMAND, items)]

    assert scores[5:] == [max(scores)] * 4
    assert max(scores[:5]) < max(scores)


def test_what_is_worn_is_worn_once_however_often_it_is_compacted() -> None:
    items = parse_items([called("bash", {"command": f"make check-x{n}"}, f"c{n}") for n in range(9)])
    once = collect(items)

    again = collect(parse_items([called("bash", {"command": "ls"}, "l")]), known=once)

    assert again.entries[: len(once.entries)] == once.entries


@pytest.mark.parametrize("command", ["git log --oneline -n 9", "git diff", "cat a.py | head -3"])
def test_what_shows_text_shows_no_errors_of_its_own(command: str) -> None:
    assert errors_in("a1b2c3 fix: KeyError: 'x' could not be read", command) == []
    assert errors_in({"status": 500, "error": "could not be read"}, command) == []


def test_a_look_at_no_repository_is_an_error() -> None:
    assert errors_in("fatal: not a git repository", "git status") == ["fatal: not a git repository"]
