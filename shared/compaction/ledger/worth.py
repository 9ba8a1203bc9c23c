"""Worth: how informative a sentence is, and so how much it is worth keeping."""

from itertools import pairwise

from shared.compaction.ledger.cues import (
    CONDITIONS,
    DEFINITE,
    NEGATIONS,
    QUESTIONS,
    QUOTATION_MARKS,
    REQUESTS,
    STOPWORDS,
    UNIVERSALS,
    Cue,
    word_set,
)
from shared.compaction.ledger.statements import FIRST_DENSE_CHARACTER, Statement
from shared.compaction.ledger.tokens import IDENTIFIERS, Kind

_LONG_WORDS = 45
_ROUGHLY = word_set("so less more fewer two three")
_STATING = frozenset({Cue.COPULA, Cue.STANDING})
_OPENERS = QUESTIONS - CONDITIONS
_REASONS = word_set("because since weil da denn porque pues parce puisque car потому")


def worth(statement: Statement) -> int:
    """Return how informative the sentence is: below 2 is small talk, 10 and more a rule or a rich fact."""
    points = sum(weight for cue, weight in _WEIGHTS.items() if cue in statement.cues)
    points += 2 * (Cue.ORDER not in statement.cues and statement.is_negative)
    points += 2 * (Cue.DECIDE in statement.cues and not _REASONS.isdisjoint(statement.lows))
    points += 8 * statement.is_hard + 6 * (statement.label is not None)
    points += _worth_of_things(statement) + _worth_of_form(statement)
    return points + _worth_of_script(statement)


_WEIGHTS = {
    Cue.PREFER: 5,
    Cue.DECIDE: 5,
    Cue.STATE: 3,
    Cue.REMEMBER: 4,
    Cue.UPDATE: 1,
    Cue.MATTER: 2,
    Cue.OURS: 1,
    Cue.STANDING: 4,
    Cue.ORDER: 2,
    Cue.TASK: -2,
    Cue.DOUBT: -4,
}


def _worth_of_things(statement: Statement) -> int:
    kinds = statement.kinds[statement.start :]
    exact = sum(kind in IDENTIFIERS for kind in kinds)
    names = kinds[1:].count(Kind.NAME) + 2 * (kinds[:2] == (Kind.NAME, Kind.NAME))
    points = min(2 + 3 * exact, 8) if exact else 0
    points += min(2 * kinds.count(Kind.NUMBER), 3) + min(2 * names, 4) + 2 * _quotes_a_term(statement.text)
    if points and not statement.cues.isdisjoint({Cue.COPULA, Cue.MATTER, Cue.UPDATE, Cue.OURS}):
        points += 2
    return points


def _quotes_a_term(text: str) -> bool:
    """Whether something stands in quotation marks inside the sentence: a literal, or a word that is defined."""
    return any(0 <= text.find(mark) < text.rfind(end) for mark, end in QUOTATION_MARKS)


def _worth_of_form(statement: Statement) -> int:
    points, size = 0, len(statement.words)
    if statement.is_question:
        points -= 0 if _asks_for_a_standing_thing(statement) else 9
    elif statement.lows and statement.lows[0] in _OPENERS and not _STATING & statement.cues:
        points -= 2
    if Cue.CHATTER in statement.cues:
        points -= 4 if size <= 8 else 2
    if size > _LONG_WORDS:
        points -= 2
    if (
        statement.lows[statement.start : statement.start + 1]
        and statement.lows[statement.start] in UNIVERSALS
    ):
        points += 4
    if Cue.COPULA in statement.cues and statement.lows[0] in DEFINITE:
        points += 1
    return points - (3 if size < 3 and not _says_much_in_two_words(statement) else 0)


def _says_much_in_two_words(statement: Statement) -> bool:
    """Whether so short a sentence still says something: what it is about, that it may not be, or in a dense script."""
    forbids = len(statement.lows) == 2 and statement.lows[0] in NEGATIONS
    return forbids or not statement.cues.isdisjoint({Cue.UPDATE, Cue.MATTER}) or not statement.text.isascii()


def _asks_for_a_standing_thing(statement: Statement) -> bool:
    # "Would you put it before this or after it?" only wants to know.
    chooses = any(low == "or" and then not in _ROUGHLY for low, then in pairwise(statement.lows))
    asks = bool(statement.lows) and statement.lows[0] in REQUESTS and not chooses
    return asks and (
        statement.binding or not statement.cues.isdisjoint({Cue.PREFER, Cue.REMEMBER, Cue.STANDING})
    )


def _worth_of_script(statement: Statement) -> int:
    """Return what a sentence is worth for being somebody's words in a language that the tables hardly know.

    Han, kana and hangul say in a few characters what takes a sentence elsewhere. A sentence with no word
    that any table holds is kept for being short and not a question.
    """
    if statement.is_question or len(statement.words) > _LONG_WORDS:
        return 0
    if any(char >= FIRST_DENSE_CHARACTER for char in statement.text):
        return 3 if Cue.CHATTER not in statement.cues else 0
    size = len(statement.words)
    return (
        4
        if (size > 3 or (size and not statement.text.isascii()))
        and not statement.cues
        and STOPWORDS.isdisjoint(statement.lows)
        else 0
    )
