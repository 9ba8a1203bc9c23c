"""Hypothesis strategies: conversations as clients and models make them, and answers as upstreams stream them."""

from collections.abc import Sequence

from hypothesis import strategies as st

from shared.prompt import (
    AnnotationAdded,
    CallDelta,
    CallStarted,
    Finished,
    ItemProduced,
    MessageStarted,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UpstreamEvent,
)
from shared.window.payload import SizedItem
from shared.wire.items import Item, parse_item
from shared.wire.model import JsonObject

WORDS = st.text("abcdefghij \n.é数", min_size=1, max_size=30)
ROLES = st.sampled_from(["user", "user", "assistant", "assistant", "system", "developer"])
CALL_IDS = st.sampled_from(["a", "b", "c", "d"])


def _message(role: str, text: str, repeated: int) -> JsonObject:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text * repeated}]}


def _call(call_id: str) -> JsonObject:
    return {"type": "function_call", "call_id": call_id, "name": "look", "arguments": "{}"}


def _output(call_id: str, repeated: int) -> JsonObject:
    return {"type": "function_call_output", "call_id": call_id, "output": "seen " * repeated}


# Now and then an item that is larger than any budget.
_SIZES = st.one_of(st.integers(1, 20), st.integers(1, 20), st.integers(200, 2000))
_DOCUMENTS = st.one_of(
    st.builds(_message, ROLES, WORDS, _SIZES),
    st.builds(_call, CALL_IDS),
    st.builds(_output, CALL_IDS, _SIZES),
    st.just({"type": "custom_tool_call", "call_id": "p", "name": "patch", "input": "x"}),
    st.just({"type": "custom_tool_call_output", "call_id": "p", "output": "done"}),
    st.just({"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}),
    st.just({"type": "mcp_approval_request", "id": "r", "name": "drop", "server_label": "db"}),
    st.just({"type": "mcp_approval_response", "approval_request_id": "r", "approve": True}),
    st.just({"type": "web_search_call", "status": "completed"}),
)


@st.composite
def conversations(draw: st.DrawFn, *, min_size: int = 0, max_size: int = 25) -> list[SizedItem]:
    """Items in any order: calls in parallel, nested, reused, answered late, twice or never; orphan outputs."""
    documents = draw(st.lists(_DOCUMENTS, min_size=min_size, max_size=max_size))
    return [sized(parse_item(document)) for document in documents]


def sized(item: Item) -> SizedItem:
    """The item as large as its text is long."""
    return SizedItem(item=item, tokens=4 + len(str(item.to_json()).split()))


_SPEECH: st.SearchStrategy[UpstreamEvent] = st.one_of(
    st.builds(TextDelta, WORDS, begins_part=st.booleans()),
    st.builds(
        TextDelta, WORDS, st.just([{"token": "a", "bytes": [97], "logprob": -0.1, "top_logprobs": []}])
    ),
    st.builds(RefusalDelta, WORDS, st.booleans()),
    st.builds(ReasoningDelta, WORDS, st.booleans()),
    st.builds(MessageStarted, st.sampled_from([None, "commentary", "final_answer"])),
    st.builds(
        AnnotationAdded,
        st.just({"type": "url_citation", "url": "https://x.example", "title": "X"}),
        st.none() | st.integers(0, 2),
    ),
    st.sampled_from(
        [
            ItemProduced(parse_item({"type": "web_search_call", "id": "ws_1", "status": "completed"})),
            ItemProduced(
                parse_item({"type": "reasoning", "id": "rs_p", "summary": [], "encrypted_content": "x"})
            ),
        ]
    ),
)


@st.composite
def answers(draw: st.DrawFn) -> Sequence[UpstreamEvent]:
    """Whatever the port Upstream allows: each call begins once, and is added to at any time from then on."""
    events: list[UpstreamEvent] = []
    calls = 0
    for _ in range(draw(st.integers(0, 15))):
        what = draw(st.sampled_from(["speech", "speech", "call", "more"]))
        if what == "speech":
            events.append(draw(_SPEECH))
        elif what == "call":
            kind = draw(st.sampled_from(["function", "custom"]))
            events.append(
                CallStarted(calls, f"call_{calls}", "look", "custom" if kind == "custom" else "function")
            )
            calls += 1
        elif calls:
            events.append(CallDelta(draw(st.integers(0, calls - 1)), draw(WORDS)))
    return [*events, Finished(draw(st.sampled_from(["stop", "length", "content_filter"])))]
