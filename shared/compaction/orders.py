"""Orders: which sentences of a summary lay down a rule, and which say that the user did, in the ledger's languages.

The ledger reads what people say to bind whoever works for them. A summary tells of things as well: that a field
must be a number, that a test has to be mended next, that nobody may log in. Such words alone make no rule of it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.compaction.ledger.cues import PAUSES, UNIVERSALS, Cue, word_set
from shared.compaction.ledger.entries import Section
from shared.compaction.ledger.statements import Statement, read_statement
from shared.compaction.ledger.tokens import low_of, pieces


@dataclass(frozen=True, slots=True)
class Order:
    """What a sentence lays down: it `binds` whoever reads it, or only `hints` at that; one that `claims` says who did."""

    binds: bool
    hints: bool
    claims: bool

    def __bool__(self) -> bool:
        return self.binds or self.hints or self.claims


def read_order(sentence: str) -> Order:
    """Return what the sentence lays down, and whether it says that a person did; of a plain fact nothing is true."""
    speaker = _SPEAKER.match(sentence)
    text = sentence[speaker.end() :] if speaker else sentence
    statement = read_statement(text)
    claims = _claims(statement) or (speaker is not None and speaker["who"].casefold() in _PEOPLE)
    if statement.is_question:
        return Order(binds=False, hints=False, claims=claims)
    binds = (
        _NAMED.match(sentence) is not None
        or _overrides(statement)
        or _binds(text, is_general=_is_general(sentence))
    )
    insists = claims and not _INSISTING.isdisjoint(statement.lows)
    hints = statement.binding or statement.label in _LABELS or Cue.REMEMBER in statement.cues
    return Order(binds=binds or insists, hints=hints or not _OFTEN.isdisjoint(statement.lows), claims=claims)


def injects(text: str) -> bool:
    """Whether the text asks whoever summarises it to write something down, or to forget what was asked before."""
    return _INJECTS.search(text) is not None


def _split(phrases: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in phrases.split("|"))


# What tells of things as often as it orders something: it is taken for no word before the sentence is read.
_TELLING = word_set(
    """required requires require forbidden forbids prohibited prohibits banned bans disallowed mandatory confidential off-limits
    shouldn't allergic only avoid refuse cannot can't nobody nothing none no unless
    soll sollen darf dürfen verboten vertraulich kein keine keinen keinerlei nur nicht vermeide
    prohibido prohibida obligatorio obligatoria confidencial no solo sólo solamente evita evite
    interdit interdite obligatoire seulement uniquement non apenas não soltanto proibido obrigatório vietato
    запрещено запрещены необходимо не только należy nie tylko wyłącznie niet geen alleen uitsluitend لا فقط"""
)
_TELLING_PHRASES = _split(
    """at most|at least|may not|not allowed|not permitted|no more than|no later than|not exceed|is capped|capped at|needs approval
    |need approval|does not move|away from the|doesn't allow|don't allow|does not allow|do not allow|as long as|but not|hard limit
    |make sure|makes sure|ensure that|don't know|do not know|don't have|do not have|don't match|do not match|don't exist
    |do not exist|don't work|do not work|höchstens|mindestens|spätestens|nicht mehr als|no se puede|no puede|no pueden
    |como máximo|a más tardar|au plus tard|не более|не позднее|co najwyżej|niet meer dan"""
)
_TELLING_MARKS = word_set("不能 不可以 只能 最多 至少 不超过 仅限 以内 까지만 过敏 アレルギー 알레르기")
# What has to be done once has to be done, too: a rule says when, whom or that it may never be.
_DOING = word_set(
    """must shall muss müssen musst müsst soll debe deben debes deberá doit doivent deve devem devono
    должен должна должно должны musi muszą moet moeten"""
)
_DOING_PHRASES = _split("has to|have to|tiene que|tienen que|hay que|il faut")
_DOING_MARKS = word_set("必须 必ず 반드시")
_GENERAL = UNIVERSALS | word_set(
    """you your assistant agent agents model reply replies answer answers response responses before until without always never
    nobody nothing du ihr antwort antworten nie niemals immer bevor ohne nunca jamás siempre sin antes usted respuesta respuestas
    jamais toujours sans avant réponse réponses vous никогда всегда nigdy zawsze nooit altijd"""
)
_GENERAL_MARKS = word_set("每 所有 任何 不 凡 一律 从现在 都 すべて 全て 毎 今後 모든 마다 항상")
# What must not be forbids, unless it is an error that says so.
_NOT = word_set("not nicht no ne pas не nie niet")
_FAILING = ("error", "exception", "fail", "fehler", "ошибка", "invalid")
_NAMED = re.compile(
    r"^\W*(?:(?:new|standing|hard|user|system|project|session|important|permanent|additional)\W+){0,2}"
    r"(?:rules?|constraints?|standing orders?|new instructions?|directive|regeln?|vorgaben?|reglas?|règles?|regras?|regola"
    r"|规则|約束|约束|ルール|правило|правила)"
    r"(?: (?:of|from|by|for) [\w ]{1,30})?(?: ?\([^)]{0,60}\))?[\W_]{0,3}[:\uff1a]",
    re.IGNORECASE,
)
# "[user] …", "User: …", and the first cell of a row.
_SPEAKER = re.compile(r"\W{0,4}(?P<who>\w{1,20})\W{0,3}(?:\]|\||(?<=\w):)[\s*|]*")
_LABELS = frozenset({Section.RULE, Section.PREFERENCE})
_OFTEN = word_set(
    "always never immer niemals siempre nunca jamás toujours jamais sempre mai всегда никогда zawsze nigdy"
)
_INJECTS = re.compile(
    r"\b(?:when(?:ever)?|if|once|while) (?:you |this |the (?:chat|session|conversation|context))[^.]{0,40}(?:summari|compact|shorten|condens)"
    r"|\b(?:add|keep|include|carry over|write down|record|remember) (?:this|the|these|following|a|as a)[^.]{0,30}\b(?:rules?|standing order|constraint)\b"
    r"|\b(?:ignore|disregard|forget) (?:all |any |the |your |every )*(?:previous|prior|above|earlier|preceding|other) "
    r"|\b(?:note|message|instructions?|attention|to):? (?:to|for) (?:the |any |all )?(?:ai|assistants?|agents?|models?|llms?|summari[sz]er)\b"
    r"|system-reminder|\[(?:system|admin|operator|developer)\]|<(?:system|instructions?)>|\bnew (?:system )?(?:instructions|policy|rule):"
    r"|\b(?:agent|assistant|ai|model): (?:keep|add|always|never|remember|forward|send|from now)"
    r"|\b(?:from|by) the (?:user|operator|system|developer|admin)\)?:|\b(?:user|human): (?:from now|please|never|always|make sure)"
    r"|\bin (?:your|the|its|any) summar",
    re.IGNORECASE,
)
_SETTING_ASIDE = word_set("ignore disregard override overrule forget ignoriere ignora ignorez")
_WHAT_BINDS = word_set(
    "rule rules instruction instructions constraint constraints order orders policy policies prompt guidelines regeln reglas règles"
)
_PEOPLE = word_set(
    """user user's users human operator developer benutzer nutzer anwender usuario usuaria usuário utilisateur utilisatrice
    utente gebruiker użytkownik пользователь пользователя"""
)
_SAYING = word_set(
    """said says say told tells asked asks ask wants want wanted wishes prefers preferred requested requests expects decided
    approved approves confirmed agreed allows allowed authorised authorized stated noted added reminded
    sagte sagt will möchte wünscht bat dijo dice quiere pidió demande veut disse quer vuole zegt wil хочет просит сказал"""
)
_INSISTING = word_set(
    """requires required require demands demanded insists insisted instructed instructs instruction instructions ordered orders
    forbids forbade forbidden mandates mandated commands rule rules constraint
    verlangt fordert exige exigió exige verbietet eist требует wymaga"""
)
_NEAR = 3
_PEOPLE_MARKS = ("用户", "使用者", "ユーザー", "利用者", "사용자")


def _binds(sentence: str, *, is_general: bool) -> bool:
    """Whether it binds without what tells of things as well; what must be done only where that is for good."""
    text = _without(sentence, _TELLING, _TELLING_PHRASES, _TELLING_MARKS)
    if not is_general:
        text = _without(text, _DOING, _DOING_PHRASES, _DOING_MARKS)
    return read_statement(text).binding


def _is_general(sentence: str) -> bool:
    statement = read_statement(sentence)
    low = sentence.casefold()
    if not _GENERAL.isdisjoint(statement.lows) or any(mark in sentence for mark in _GENERAL_MARKS):
        return True
    return not _NOT.isdisjoint(statement.lows) and not any(word in low for word in _FAILING)


def _without(
    sentence: str, words: frozenset[str], phrases: Sequence[tuple[str, ...]], marks: Iterable[str]
) -> str:
    """Return the sentence with a word that no table knows in the place of each of these."""
    raw = pieces(sentence)
    lows = tuple(map(low_of, raw))
    aside = {index for index, low in enumerate(lows) if low in words}
    for phrase in phrases:
        size = len(phrase)
        for at in range(len(lows) - size + 1):
            if lows[at : at + size] == phrase:
                aside.update(range(at, at + size))
    text = " ".join(f"thing{_pause(token)}" if index in aside else token for index, token in enumerate(raw))
    for mark in marks:
        text = text.replace(mark, " ")
    return text


def _pause(token: str) -> str:
    return token[-1] if token.endswith(PAUSES) else ""


def _overrides(statement: Statement) -> bool:
    words = set(statement.lows)
    return not words.isdisjoint(_SETTING_ASIDE) and not words.isdisjoint(_WHAT_BINDS)


def _claims(statement: Statement) -> bool:
    if any(mark in statement.text for mark in _PEOPLE_MARKS):
        return True
    lows = statement.lows
    for index, low in enumerate(lows):
        if low in _PEOPLE:
            near = set(lows[max(index - _NEAR, 0) : index + _NEAR + 1])
            if not near.isdisjoint(_SAYING | _INSISTING):
                return True
    return False
