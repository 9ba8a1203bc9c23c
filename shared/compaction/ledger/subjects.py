"""Subjects: what a sentence is about, and when two sentences say the same of it."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from shared.compaction.ledger.cues import CHARACTERS, STOPWORDS, WORDS, Cue, word_set
from shared.compaction.ledger.entries import Section
from shared.compaction.ledger.slots import (
    ATTRIBUTES,
    POLITE,
    SETTERS,
    holds_one_value,
    last_value,
    words_before,
)
from shared.compaction.ledger.statements import Statement, remembered
from shared.compaction.ledger.tokens import VALUES, Kind

SUBJECT_KINDS = frozenset({Kind.WORD, Kind.NAME, Kind.SYMBOL})
# What says in scripts without spaces that something is or becomes a value; the longer ones first.
_MARKS_OF_SETTING = (
    *CHARACTERS[Cue.UPDATE], *CHARACTERS[Cue.COPULA],
    "してください", "しました", "します", "から", "を", "が", "に", "へ", "把", "将", "从",
)  # fmt: skip
_LONGEST_NOTED, _LEAST_LABEL = 3, 2
_LONGEST_ELIDED, _ARTICLES = 2, word_set("l d")
# Of these the ending tells who is meant.
_PERSONS = word_set("""hermano hermana hermanos hermanas abuelo abuela primo prima sobrino sobrina suegro suegra cuñado cuñada amigo amiga
    vecino vecina freund freundin kollege kollegin lehrer lehrerin nachbar nachbarin chef chefin enkel enkelin cousin
    cousine voisin voisine nonno nonna cugino cugina figlio figlia amico amica irmão irmã vizinho vizinha""")
_GOVERNED = frozenset({Section.RULE, Section.PREFERENCE, Section.STATE})


def same_words_key(statement: Statement) -> str:
    """Return a key that two sentences share when they use the same words, politeness and order aside."""
    words = sorted({low for low in statement.lows if low and low not in POLITE})
    return "w:" + _digest(" ".join(words))


def subject_key(statement: Statement) -> str:
    """Return a key that sentences share when they set one thing to different values, else the words' key."""
    if labelled := _label_of_value(statement):
        return "s:" + _digest(f"{labelled}: <value>")
    slot = last_value(statement)
    if (
        slot is None
        or not _governs(statement)
        or statement.is_doubtful
        or not holds_one_value(statement, *slot)
    ):
        return same_words_key(statement)
    first, last = slot
    before = words_before(statement, first)
    if before[-1] not in SETTERS | ATTRIBUTES or len(content_of([*before, *statement.lows[last:]])) < 2:
        return same_words_key(statement)
    kind = "name" if statement.kinds[first] is Kind.NAME else "value"
    return "s:" + _digest(f"{' '.join(before)} <{kind}> {' '.join(statement.lows[last:])}")


def _label_of_value(statement: Statement) -> str:
    """Return what stands before the colon where behind it stands little but a value, as people note things down."""
    start = statement.start
    rest = statement.kinds[start:]
    if (
        not start
        or statement.label is not None
        or len(rest) > _LONGEST_NOTED
        or not VALUES.intersection(rest)
    ):
        return ""
    words = [low for low in statement.lows[:start] if low not in POLITE]
    return " ".join(words) if len(content_of(words)) >= _LEAST_LABEL and not statement.is_doubtful else ""


@remembered
def stems_of(statement: Statement) -> frozenset[str]:
    """Return what the sentence is about: its content words, shortened to what inflection leaves alone."""
    pairs = zip(statement.lows, statement.kinds, strict=True)
    return frozenset(content_of(low for low, kind in pairs if kind in SUBJECT_KINDS))


def content_of(words: Iterable[str]) -> list[str]:
    """Return the stems of the words that tell what a sentence is about."""
    return list(_stems(words))


def stem_of(word: str) -> str:
    """Return what inflection leaves alone; nothing is left of a word that only says that something is set."""
    if word in _PERSONS:
        return word
    if word.isascii():
        return word if len(word) <= 4 else word[: max(4, min(8, len(word) - 2))]
    for mark in _MARKS_OF_SETTING:
        word = word.replace(mark, "")
    return word


def _governs(statement: Statement) -> bool:
    return statement.section in _GOVERNED or statement.label is not None or Cue.COPULA in statement.cues


def _stems(words: Iterable[str]) -> Iterator[str]:
    for word in map(_whole, words):
        if (
            len(word) > 1
            and word not in STOPWORDS
            and word not in WORDS[Cue.STANDING]
            and (stem := stem_of(word))
        ):
            yield stem


def _whole(word: str) -> str:
    """Return a word without what is run together with it: Tom of "Tom's", eau of "l'eau"."""
    head, _, tail = word.partition("'")
    if len(head) <= _LONGEST_ELIDED < len(tail):
        return tail
    return word if head in _ARTICLES and tail else head


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
