"""Shortening: a message without its middle, and how one is told from a message that came whole."""

_MARK = "\n[… cut by compaction …]\n"


def without_middle(text: str, characters: int) -> str:
    """Return so many `characters` of both ends of `text` with a mark between them, or all of it and the mark."""
    half = characters // 2
    return text + _MARK if characters == len(text) else f"{text[:half]}{_MARK}{text[-half:]}"


def is_shortened(text: str) -> bool:
    """Return whether `without_middle` made `text`: what quotes the mark has it where nothing was ever cut."""
    head, mark, tail = text.partition(_MARK)
    return bool(mark) and len(tail) in (0, len(head))
