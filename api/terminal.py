"""Text of others for a terminal: a control character could rewrite the screen, its title or the clipboard."""

from rich.text import Text

_KEPT = "\n\t"


def plain(text: str, *, style: str = "") -> Text:
    """Return text as it stands, but for control characters, which are written out as Python would."""
    shown = "".join(each if each in _KEPT or each.isprintable() else _written_out(each) for each in text)
    return Text(shown, style=style)


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode()
