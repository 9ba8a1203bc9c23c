"""Tokens of a file, from its size where the request holds it: text by its bytes, any other by its likely pages.

What a document comes to only its provider knows: it reads the text of each page, and looks at most pages.
"""

import codecs
from base64 import b64decode
from math import ceil

from shared.wire.items import InputFile

# A file or audio clip that is only named: nothing here can know its size.
UNKNOWN_MEDIA_TOKENS = 2000
# Base64 holds three bytes in four characters, and a token of dense text is about three bytes.
BASE64_CHARS_PER_TOKEN = 4

# A page's text is 500 to 800 tokens, its picture about as many again; few documents have more in so many bytes.
PAGE_TOKENS = 1500
PAGE_BYTES = 50_000
# Size says little about long ones: what makes them large is pictures.
MOST_PAGES = 40

_HEAD_CHARS = 1024
# Text to whoever looks at its first bytes only.
_DOCUMENT_MARKS = (b"%PDF-", b"{\\rtf")


def count_file(part: InputFile) -> int:
    """Return the tokens of the file, without its name."""
    if not part.file_data:
        return UNKNOWN_MEDIA_TOKENS
    encoded = _encoded(part.file_data)
    if _is_text(encoded):
        return ceil(len(encoded) / BASE64_CHARS_PER_TOKEN)
    pages = ceil(len(encoded) * 3 / 4 / PAGE_BYTES)
    return PAGE_TOKENS * min(pages, MOST_PAGES)


def is_file_guessed(part: InputFile) -> bool:
    """Return whether the file's tokens may be far fewer than they are counted, since only its provider can tell."""
    return not part.file_data or not _is_text(_encoded(part.file_data))


def _encoded(file_data: str) -> str:
    return file_data.partition(",")[2] if file_data.startswith("data:") else file_data


def _is_text(encoded: str) -> bool:
    """Return whether the file begins with text; what cannot be decoded is taken as it is, as text."""
    head = encoded[:_HEAD_CHARS]
    try:
        start = b64decode(head[: len(head) // 4 * 4], validate=True)
    except ValueError:
        return True
    if start.startswith(_DOCUMENT_MARKS) or b"\0" in start:
        return False
    try:
        # The head may end within a character.
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True
