"""Replacing: what is left of an earlier statement once a later one says that a part of it has changed."""

import re
from collections.abc import Iterator, Sequence

from shared.compaction.ledger.changes import is_about, replaced_values, supersedes
from shared.compaction.ledger.clauses import Clause, clauses_of, context_of, telling_clauses
from shared.compaction.ledger.cues import CHARACTERS, Cue
from shared.compaction.ledger.slots import run_of_value, values_of
from shared.compaction.ledger.statements import Statement
from shared.compaction.ledger.subjects import stems_of

CHANGED = "[changed later]"
# What stands between a topic and what is said of it, in scripts without spaces.
_TOPIC = re.compile(
    r"^(?:请?把|请?将)?([^\s:：]{2,12}?)(?:号码?)?(?:不?是|不再|设为|现在|改|为|叫|推迟|提前|延|换|变|ではなく|は|が|を|[은는이가을를]\s|[:：])"  # noqa: RUF001
)
_PRONOUNS = frozenset(("我们", "你们", "他们", "这个", "那个", "これ", "それ", "저는", "우리"))
_ADDING_MARKS = ("也", "还有", "另外", "追加", "추가")
_LEAST_LEFT_STEMS, _MANY_STEMS = 3, 2


def left_of(earlier: Statement, later: Statement) -> str | None:
    """Return what `later`, which announces a change, leaves of `earlier`; None where it changes nothing of it.

    Nothing is left of a statement of the one thing that has changed. Of one that says more, the value alone is
    cut out, and a mark says so. What is about another thing, or holds under another condition, stays.
    """
    if context_of(earlier) - stems_of(later) or context_of(later) - stems_of(earlier):
        return None
    if supersedes(later, earlier):
        if not _tells_more(earlier, later):
            return ""
        return _without_value(earlier, Clause(earlier, 0), replaced_values(later, earlier))
    for in_part in (False, True) if _may_be_about(earlier, later) else ():
        if pair := _one_that_changed(earlier, later, in_part=in_part):
            new, old = pair
            if not (in_part or _says_more(earlier, old) or _tells_more(old.statement, later)):
                return ""
            return _without_value(earlier, old, replaced_values(new, old.statement, in_part=in_part))
    return _left_of_topic(earlier, later)


def _one_that_changed(
    earlier: Statement, later: Statement, *, in_part: bool
) -> tuple[Statement, Clause] | None:
    """Return the clause of the later that changes one of the earlier, and that one; None where it may be several."""
    found: tuple[Statement, Clause] | None = None
    for old in telling_clauses(earlier):
        for new in telling_clauses(later):
            if supersedes(new.statement, old.statement, said=later, in_part=in_part):
                if found and found[1].begins != old.begins:
                    return None
                found = found or (new.statement, old)
                break
    return found


def _may_be_about(earlier: Statement, later: Statement) -> bool:
    """Whether a clause of the later names nothing that the earlier does not: quick to tell of most that differ."""
    known = stems_of(earlier)
    return any(is_about(each.statement, known) for each in telling_clauses(later))


def topics_of(statement: Statement) -> Iterator[str]:
    """Yield how the topics of its clauses begin, in scripts without spaces: what may be about the same begins alike."""
    if not statement.text.isascii():
        yield from (found[0][:2] for each in clauses_of(statement) if (found := _topic(each)))


def _says_more(earlier: Statement, changed: Clause) -> bool:
    """Whether another clause is worth keeping: it holds a value, a rule or several words."""
    ends = changed.begins + len(changed.statement.text)
    others = (each for each in clauses_of(earlier) if not changed.begins <= each.begins < ends)
    return any(
        values_of(each.statement)
        or each.statement.binding
        or len(stems_of(each.statement)) >= _LEAST_LEFT_STEMS
        for each in others
    )


def _tells_more(earlier: Statement, later: Statement) -> bool:
    """Whether so much of it is not mentioned by what changes it that it may be told nowhere else."""
    return len(stems_of(earlier) - stems_of(later)) >= _MANY_STEMS


def _without_value(earlier: Statement, clause: Clause, replaced: Sequence[int]) -> str:
    """Return the text with the value of one clause cut out."""
    first, last = run_of_value(clause.statement, replaced)
    words = clause.statement.words[first : last + 1]
    text = earlier.text
    begins = ends = text.find(words[0], clause.begins)
    for word in words:
        ends = text.find(word, ends) + len(word)
    return f"{text[:begins]}{CHANGED}{text[ends:]}" if 0 <= begins < ends else text


def _left_of_topic(earlier: Statement, later: Statement) -> str | None:
    """Do the same in scripts without spaces, where a value may be any word behind its topic."""
    if later.text.isascii() or any(mark in later.text for mark in _ADDING_MARKS):
        return None
    if not any(mark in later.text for mark in CHARACTERS[Cue.UPDATE]):
        return None
    if earlier.is_hard and earlier.is_negative and not later.is_negative:
        return None
    topics = [topic for each in clauses_of(later) if (topic := _topic(each))]
    for clause in clauses_of(earlier):
        known = _topic(clause)
        if known and any(known[0] == topic for topic, _ in topics):
            if not _says_more(earlier, clause):
                return ""
            ends = clause.begins + len(clause.statement.text)
            return f"{earlier.text[: clause.begins + known[1]]} {CHANGED}{earlier.text[ends:]}"
    return None


def _topic(clause: Clause) -> tuple[str, int] | None:
    """Return what the clause is about and where what is said of it begins."""
    found = None if clause.statement.text.isascii() else _TOPIC.match(clause.statement.text)
    if not found or found[1].isascii() or found[1] in _PRONOUNS:
        return None
    return found[1], found.end()
