"""Answers that are no summaries: refusals, questions, and the next turn, told by their first and last words."""

import re

_OPENINGS = (
    "i can't", "i cannot", "i'm sorry", "i am sorry", "i am unable", "i'm unable", "i won't", "i will not", "i must decline",
    "i'm not able", "i am not able", "sorry, ", "unfortunately, i", "as an ai", "i apologize", "i apologise", "my apologies",
    "es tut mir leid", "tut mir leid", "ich kann nicht", "ich kann dabei", "leider kann ich",
    "lo siento", "no puedo ", "désolé", "je suis désolé", "je ne peux pas", "mi dispiace", "desculpe", "sinto muito",
    "извините", "к сожалению, я не", "я не могу", "对不起", "抱歉", "很抱歉", "我无法", "我不能",
    "申し訳", "すみません", "죄송",
)  # fmt: skip
# What is refused: who tells of a host that cannot be reached does not refuse.
_REFUSING = (
    "help with", "help you with", "assist", "comply", "summari", "fulfil", "do that", "this request", "that request",
    "your request", "this conversation", "zusammenfass", "helfen", "ayudar", "resumir", "aider", "résumer", "помочь",
    "总结", "协助", "帮助", "要約", "お手伝い", "요약", "도와",
)  # fmt: skip
_UNABLE = (
    "i can't", "i cannot", "not able to", "unable to", "i won't", "i will not", "i must decline", "ich kann nicht",
    "no puedo", "je ne peux pas", "не могу", "无法", "不能", "できません", "할 수 없",
)  # fmt: skip
_GOING_ON = (
    "sure", "of course", "certainly", "absolutely", "great", "okay", "ok,", "alright", "let me", "let's", "i'll", "i will",
    "i have ", "i've ", "here's", "here is", "got it", "understood", "thanks", "thank you", "you're welcome", "no problem",
    "done!", "klar", "gerne", "natürlich", "claro", "por supuesto", "bien sûr", "d'accord", "конечно", "好的", "当然", "はい",
)  # fmt: skip
_QUESTION_MARKS = ("?", "\uff1f", "\u061f")
_END_OF_SENTENCE = re.compile("[.!?\u3002\uff01\uff1f\u061f]")
_OPENING_CHARACTERS = 400
_MARKS = " \t*_>-#\"'"


def opens_as_refusal(text: str) -> bool:
    """Whether the text opens as a refusal does."""
    return _plain(text).startswith(_OPENINGS)


def refuses(line: str) -> bool:
    """Whether a line opens as a refusal and says of what."""
    return opens_as_refusal(line) and _says_of_what(line)


def declines(text: str) -> bool:
    """Whether a text without headings says at its beginning that its writer is not able to do what was asked."""
    opening = _plain(text)
    return any(words in opening for words in _UNABLE) and _says_of_what(text)


def asks(text: str) -> bool:
    """Whether the text is a question at its end, or in its first sentence."""
    first = _END_OF_SENTENCE.search(text)
    is_question_first = first is not None and first[0] in _QUESTION_MARKS
    return is_question_first or text.rstrip(_MARKS).endswith(_QUESTION_MARKS)


def goes_on(text: str) -> bool:
    """Whether the text opens as an answer does in a conversation."""
    return _plain(text).startswith(_GOING_ON)


def _says_of_what(text: str) -> bool:
    opening = _plain(text)
    return any(words in opening for words in _REFUSING)


def _plain(text: str) -> str:
    return text.strip(_MARKS)[:_OPENING_CHARACTERS].lower().replace("\u2019", "'")
