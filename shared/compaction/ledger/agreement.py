"""Agreement: whether a user's message says yes to what the model said before it."""

from shared.compaction.ledger.cues import QUESTION_MARKS, word_set
from shared.compaction.ledger.sentences import lines_of, sentences_of
from shared.compaction.ledger.tokens import low_of

_YES = word_set(
    """yes yep yeah yup ok okay agreed agree good great perfect exactly right fine sure deal settled
    ja genau gut einverstanden passt abgemacht prima perfekt richtig
    sí si vale perfecto exacto acuerdo bien hecho oui parfait entendu exact
    sim combinado certo perfeito isso exato tak dobrze zgoda zgadza dobra да хорошо согласен согласна договорились ладно
    perfetto esatto akkoord tamam evet हाँ हां ठीक सही نعم حسنا حسناً موافق تمام اتفقنا"""
)
_YES_CHARACTERS = (
    "好", "可以", "同意", "没问题", "行", "对", "就这样", "はい", "いいですね", "了解", "賛成", "そうしましょう", "それでいい", "네", "좋", "그래", "동의", "예",
)  # fmt: skip
_BUT = word_set("but though however aber jedoch pero sino mais mas ale но однако ma maar ama")
_LONGEST = 12


def agrees(text: str) -> bool:
    """Return whether the first sentence says yes, and nothing against it; a question does not."""
    line = next((line for line, fenced in lines_of(text[:400]) if not fenced), "")
    sentence = next(iter(sentences_of(line)), "")
    words = [low_of(word) for word in sentence.split()]
    if not words or len(words) > _LONGEST or sentence.endswith(QUESTION_MARKS):
        return False
    says_yes = words[0] in _YES or sentence.startswith(_YES_CHARACTERS) or _sounds_like_it(words)
    return says_yes and _BUT.isdisjoint(words)


def _sounds_like_it(words: list[str]) -> bool:
    """Whether it is put as "sounds good", "let's do that", "machen wir so", "d'accord", "va bene"."""
    return " ".join(words[:3]).startswith(
        ("sounds good", "sounds right", "works for me", "let's do", "do it", "makes sense", "go ahead", "machen wir", "so machen wir", "de acuerdo", "d'accord", "ça marche", "va bene", "d'accordo")
    )  # fmt: skip
