"""What the model was given: all that was said before, or what a compaction left of it, and never both."""

from collections.abc import Iterator

from shared.compaction.record import OPENING
from tests.chaos.load import Story
from tests.scripted_upstream import Json


def wrong_with_window(story: Story, body: Json) -> Iterator[str]:
    """Yield what is wrong with a request that the provider got for this story's turn."""
    given = [(message["role"], _text(message)) for message in body["messages"]]
    turns = _lineage(story)
    newest = max((place for place, turn in enumerate(turns) if _compacted(turn)), default=None)
    if newest is None:
        if story.order.history is None and given != _said(turns):
            yield f"the window of {len(given)} messages is not what was said in {len(turns)} turns"
        return
    yield from _wrong_with_compacted(turns, newest, given)


def _wrong_with_compacted(turns: list[Story], newest: int, given: list[tuple[str, str]]) -> Iterator[str]:
    if not any(text.startswith(OPENING) for _, text in given):
        yield "a compaction was made, and its record was not given to the model"
    # The turn that compacted keeps its own words, and all that was said after it.
    tail = _said(turns[newest:])
    if given[-len(tail) :] != tail:
        yield f"what was said since the compaction is not the end of the window: {len(given)} messages"
    whole = {text for _, text in given}
    again = [turn.order.marker for turn in turns[:newest] if turn.order.text in whole]
    if again:
        yield f"what was compacted was given to the model all the same: {again}"


def _lineage(story: Story) -> list[Story]:
    """Return the turns that the story's window is made of, the oldest first, itself last."""
    turns = [story]
    while (previous := turns[0].previous) is not None:
        turns.insert(0, previous)
    return turns


def _compacted(story: Story) -> bool:
    output = story.ended["output"] if story.ended else []
    return any(item["type"] == "compaction" for item in output)


def _said(turns: list[Story]) -> list[tuple[str, str]]:
    """Return what these turns said, but for the answer to the last, which is yet to come."""
    said = [
        part
        for turn in turns[:-1]
        for part in (("user", turn.order.text), *(("assistant", answer) for answer in turn.answers))
    ]
    return [*said, ("user", turns[-1].order.text)]


def _text(message: Json) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
