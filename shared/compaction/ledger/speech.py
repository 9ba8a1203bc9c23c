"""Speech: the sentences of messages that are worth keeping word for word, and the state that they describe."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from shared.compaction.ledger.agreement import agrees
from shared.compaction.ledger.calls import error_entry
from shared.compaction.ledger.cues import SENTENCE_ENDS, SETTING, WORDS, Cue
from shared.compaction.ledger.entries import AUTHORITIES, QUOTE, Entry, Section, Trust, one_line
from shared.compaction.ledger.errors import errors_of, speaks_to_model
from shared.compaction.ledger.moulds import Moulds
from shared.compaction.ledger.pasted import TEXTS, Origin, lines_by_origin
from shared.compaction.ledger.reading import Said
from shared.compaction.ledger.sentences import lines_of, sentences_of
from shared.compaction.ledger.statements import Statement, read_statement
from shared.compaction.ledger.subjects import same_words_key, stems_of, subject_key
from shared.compaction.ledger.worth import worth

_LEAST = {Trust.SYSTEM: 1, Trust.USER: 1, Trust.ASSISTANT: 6, Trust.TOOL: 99}
# A comment counts where it says as much as a rule, a whole sentence where it says anything.
_LEAST_QUOTED, _LEAST_QUOTED_PROSE, _SHORTEST_PROSE = 6, 2, 5
_COMMENTS = ("# ", "// ", "-- ", "/* ", "* ", "; ", "% ")
_LONGEST_JOINED, _SHORTEST_CHANGE = 300, 3
_LONGEST_REQUEST, _LONGEST_ANSWER = 200, 300
_LAST_REQUEST, _LAST_ANSWER, _FIRST_REQUEST = 44, 60, 75
_OFTEN = 3
# What the user agrees to stands at the beginning of a message, and counts for nearly as much as his own words.
_FIRST_SENTENCES, _LEAST_AGREED, _AGREED = 3, 0, 26
# What a sentence loses that its speaker has only passed on; less where it speaks of or to somebody.
_PASTED = {Origin.EXCERPT: 4, Origin.TEXT: 8, Origin.DATA: 10}
_OF_A_RULE = 8
# Less than what anybody says by himself, the more so the longer it is.
_MOST_PASTED = {Origin.EXCERPT: 34, Origin.TEXT: 24, Origin.DATA: 20}
_MANY_ORDERS = 3
_ORDERS = WORDS[Cue.ORDER] | SETTING
_IN_PERSON = frozenset({Cue.OURS, Cue.PREFER, Cue.REMEMBER})
_KEPT_FROM_MODEL = frozenset({Section.DECISION, Section.STATE, Section.FACT})


@dataclass(frozen=True, slots=True)
class Spoken:
    """A statement, who made it and where, and the text that stands for it (with what it depends on).

    One in a fenced block is a comment: the speaker's own, or one of a file that was pasted.
    """

    statement: Statement
    said: Said
    text: str
    origin: Origin = Origin.OWN
    agreed: bool = False  # the user said yes to it

    @property
    def is_own(self) -> bool:
        """Whether the speaker means it: a document says what must be, too, but to somebody else."""
        if self.origin is Origin.EXCERPT:
            return Cue.OURS in self.statement.cues
        return self.origin not in _PASTED


def statements_of(messages: Sequence[Said]) -> list[Spoken]:
    """Return all sentences of the messages, in order; of fenced blocks those in comments."""
    found: list[Spoken] = []
    for said, answer in zip_longest(messages, messages[1:]):
        spoken = _of_message(said)
        if said.trust is Trust.ASSISTANT and answer and answer.trust is Trust.USER and agrees(answer.text):
            spoken = [replace(each, agreed=_is_proposal(each, place)) for place, each in enumerate(spoken)]
        found += spoken
    return found


def _is_proposal(each: Spoken, index: int) -> bool:
    """Whether it is what an agreement can mean: what a message begins with, or says to be decided."""
    decides = Cue.DECIDE in each.statement.cues
    return not each.statement.is_question and (index < _FIRST_SENTENCES or decides)


def entries_of_speech(messages: Sequence[Said], spoken: Sequence[Spoken], moulds: Moulds) -> Iterator[Entry]:
    """Yield rules, preferences, decisions, state, facts, and errors that people quote, in order.

    `spoken` are the statements of the messages, `moulds` are those of all sentences that are known of.
    """
    common = _Common(spoken, moulds)
    for each in spoken:
        points = worth(each.statement) + common.bonus(each.statement) - common.penalty(each)
        if points >= _least(each) and _may_say(each):
            yield _entry(each, points)
    for said in messages:
        if said.trust in AUTHORITIES:
            yield from (error_entry(line, said.trust, said.source, score=60) for line in _quoted_errors(said))


def entries_of_state(messages: Sequence[Said], *, is_opening: bool) -> Iterator[Entry]:
    """Yield what was asked and answered last, and what was asked first where the conversation begins here.

    The entry of a message that stays in view has no source.
    """
    asked = [said for said in messages if said.trust is Trust.USER and said.text.strip()]
    answered = [said for said in messages if said.trust is Trust.ASSISTANT and said.text.strip()]
    if asked and is_opening:
        yield _state_entry("First request", asked[0], _LONGEST_REQUEST, _FIRST_REQUEST)
    if asked:
        yield _state_entry("Last request", asked[-1], _LONGEST_REQUEST, _LAST_REQUEST)
    if answered:
        yield _state_entry("Last answer", answered[-1], _LONGEST_ANSWER, _LAST_ANSWER)


class _Common:
    """What is said again and again: it carries nothing."""

    def __init__(self, spoken: Sequence[Spoken], moulds: Moulds) -> None:
        self._moulds = moulds
        self._repeats = Counter(same_words_key(each.statement) for each in spoken)
        self._stems: Counter[str] = Counter()
        for each in spoken:
            if each.said.trust in AUTHORITIES:
                self._stems.update(stems_of(each.statement))

    def bonus(self, statement: Statement) -> int:
        """Return the points for saying what is said nowhere else, unless it is only a question or a request."""
        if statement.is_question or not statement.cues.isdisjoint({Cue.CHATTER, Cue.DOUBT, Cue.TASK}):
            return 0
        return 2 * (sum(self._stems[stem] == 1 for stem in stems_of(statement)) >= 2)

    def penalty(self, each: Spoken) -> int:
        """Return the points that a sentence loses; what a person marks as binding or important loses few."""
        statement = each.statement
        pasted = _PASTED.get(each.origin, 0)
        if not statement.cues.isdisjoint(_IN_PERSON):
            pasted //= 2
        if statement.is_hard and not each.is_own:
            pasted += _OF_A_RULE
        if each.said.trust in AUTHORITIES and _is_marked(statement):
            return pasted
        worn = self._moulds.wear(statement) > 0
        return pasted + 4 * (self._repeats[same_words_key(statement)] >= _OFTEN) + 5 * worn


def _least(each: Spoken) -> int:
    if each.origin is not Origin.FENCED:
        return _LEAST_AGREED if each.agreed else _LEAST[each.said.trust]
    is_prose = len(each.statement.words) >= _SHORTEST_PROSE and each.statement.text.endswith(SENTENCE_ENDS)
    return _LEAST_QUOTED_PROSE if is_prose else _LEAST_QUOTED


def _is_marked(statement: Statement) -> bool:
    cues = {Cue.PREFER, Cue.REMEMBER}
    return statement.is_hard or statement.label is not None or not statement.cues.isdisjoint(cues)


def _of_message(said: Said) -> list[Spoken]:
    spoken = list(_spoken(said))
    orders = [_is_order(each.statement) for each in spoken if each.origin in TEXTS]
    # What is a list of orders for the most part is meant to be followed, whoever wrote it.
    if sum(orders) * _MANY_ORDERS < len(orders) or not orders:
        return spoken
    return [replace(each, origin=Origin.OWN) if each.origin in TEXTS else each for each in spoken]


def _is_order(statement: Statement) -> bool:
    return statement.opening in _ORDERS or not statement.cues.isdisjoint({Cue.STANDING, Cue.TASK})


def _spoken(said: Said) -> Iterator[Spoken]:
    for line, origin in _lines(said):
        if origin is not Origin.FENCED:
            yield from _of_line(line, said, origin)
        elif said.trust in AUTHORITIES and line.startswith(_COMMENTS) and not speaks_to_model(line):
            yield from _of_line(line.lstrip("#/-*;% "), said, origin)


def _lines(said: Said) -> Iterator[tuple[str, Origin]]:
    """Yield the lines and where they come from: what a system is told, and a model says, is long by nature."""
    if said.trust is Trust.USER:
        return lines_by_origin(said.text)
    return ((line, Origin.FENCED if fenced else Origin.OWN) for line, fenced in lines_of(said.text))


def _of_line(line: str, said: Said, origin: Origin) -> Iterator[Spoken]:
    """Yield the line's statements; one that depends on the sentence before carries it along."""
    before = ""
    for sentence in sentences_of(line):
        statement = read_statement(sentence)
        joined = f"{before} {sentence}" if before and _leans(statement) else sentence
        text = joined if len(joined) <= _LONGEST_JOINED else sentence
        yield Spoken(statement, said, text, origin)
        before = sentence if worth(statement) > 0 else ""


def _leans(statement: Statement) -> bool:
    # In scripts without spaces a word may be a sentence.
    size = (
        len(statement.words)
        if statement.text.isascii()
        else max(len(statement.words), len(statement.text) // 4)
    )
    changes = Cue.UPDATE in statement.cues and size <= _SHORTEST_CHANGE
    return statement.is_dependent or changes or (statement.is_hard and size <= 6)


def _entry(each: Spoken, points: int) -> Entry:
    statement, trust = each.statement, each.said.trust
    section = statement.section
    if trust is Trust.ASSISTANT:
        section = Section.DECISION if each.agreed else section
        score = min(46, 4 + 3 * points) + _AGREED * each.agreed
        return Entry(section, each.text, trust, each.said.source, same_words_key(statement), score)
    score = max(20, min(99, 20 + 5 * points))
    key = subject_key(statement)
    if trust is Trust.SYSTEM:
        # A user's later words do not replace it; and it ranks lower because system items stay in the window anyway.
        key, score = f"{trust.value}:{key}", max(20, score - 10)
    if not each.is_own:
        section = section if section in _KEPT_FROM_MODEL else Section.FACT
        score = min(score, _MOST_PASTED[each.origin])
    return Entry(
        section, each.text, trust, each.said.source, key, score, hard=statement.is_hard and each.is_own
    )


def _may_say(each: Spoken) -> bool:
    """Whether the speaker has a say in what the sentence is: a model's rules are not rules, only advice."""
    return each.said.trust in AUTHORITIES or each.agreed or each.statement.section in _KEPT_FROM_MODEL


def _quoted_errors(said: Said) -> Iterator[str]:
    """Yield the errors in a user's message: lines of pasted output, not sentences about errors."""
    quoted = [line for line, fenced in lines_of(said.text) if fenced or not line.endswith((".", "?", "!"))]
    if len(quoted) > 1 or any(line.startswith(("Traceback", "ERROR", "Error:", "E   ")) for line in quoted):
        yield from errors_of("\n".join(quoted))


def _state_entry(title: str, said: Said, limit: int, score: int) -> Entry:
    text = f"{title}: {one_line(said.text, limit)}"
    return Entry(Section.STATE, text, said.trust, said.source, f"{QUOTE}{title.casefold()}", score)
