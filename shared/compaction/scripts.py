"""Scripts: whether a text is written in one that stands nowhere in what was read."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

_LATIN, _HAN = "LATIN", "CJK"
_KANA = frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})
# A few letters may be a name, or a word that is talked about.
_A_FEW = 20


def is_foreign(text: str, read: Iterable[str]) -> bool:
    """Whether most of the text's letters are of a script of which the texts `read` hold but a few; Latin never is."""
    if text.isascii():
        return False
    letters = Counter(_script_of(character) for character in text if character.isalpha())
    script, most = letters.most_common(1)[0] if letters else (_LATIN, 0)
    if script == _LATIN or most * 2 < letters.total():
        return False
    characters = (character for each in read if not each.isascii() for character in each)
    found = (character for character in characters if character > "\x7f" and _script_of(character) == script)
    return sum(1 for _ in islice(found, _A_FEW)) < _A_FEW


@lru_cache(maxsize=4_096)
def _script_of(character: str) -> str:
    """Return the first word of the character's name: CJK, CYRILLIC, HANGUL; kana stand among Han."""
    script = unicodedata.name(character, "").partition(" ")[0]
    return _HAN if script in _KANA else script
