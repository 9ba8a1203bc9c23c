"""Wrappings: what models put around a summary, their thoughts before it and the fence of a code block."""

_THOUGHTS = tuple((f"<{name}>", f"</{name}>") for name in ("think", "thinking", "thought", "reasoning"))
_MOST_THOUGHTS = 8
# What a summary begins with, and what is said of thoughts inside of one does not.
_BEGINNINGS = ("#", "{", "```", "~~~")
_FENCES = ("```", "~~~")


def unwrapped(text: str) -> str:
    """Return the summary without the thoughts before it and without a fence around all of it."""
    return _without_fence(_without_thoughts(text.strip()))


def _without_thoughts(text: str) -> str:
    for _ in range(_MOST_THOUGHTS):
        text = _behind_thoughts(text)
    return text


def _behind_thoughts(text: str) -> str:
    """Return what follows the thoughts, if there are any; some servers leave out the mark that opens them."""
    for opening, closing in _THOUGHTS:
        before, _, rest = text.partition(closing)
        left = rest.strip()
        if left and (before.startswith(opening) or (opening not in before and left.startswith(_BEGINNINGS))):
            return left
    return text


def _without_fence(text: str) -> str:
    lines = text.splitlines()
    if len(lines) < 3 or not lines[0].startswith(_FENCES):
        return text
    fence = lines[0][:3]
    is_around_all = lines[-1].strip() == fence and not any(line.startswith(fence) for line in lines[1:-1])
    return "\n".join(lines[1:-1]).strip() if is_around_all else text
