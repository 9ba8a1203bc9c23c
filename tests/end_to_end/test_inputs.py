"""Input items and token counts through the official SDK."""

from itertools import islice

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.fixtures.conversations import long_conversation
from tests.fixtures.polling import MANAGEMENT, answer

MODEL = "say:Fine."


def test_input_items_are_paged_newest_first_each_with_an_id(client: OpenAI) -> None:
    items = [{"role": "user", "content": f"Line {number}"} for number in range(25)]
    response = answer(client, model=MODEL, input=items)
    first = client.responses.input_items.list(response.id)
    assert [text(item) for item in first.data] == [f"Line {n}" for n in range(24, 4, -1)]
    assert first.has_more
    every = list(client.responses.input_items.list(response.id, limit=7, order="asc"))
    assert [text(item) for item in every] == [f"Line {n}" for n in range(25)]
    assert all(item.id.startswith("msg_") for item in every if item.type == "message")


def test_a_chained_response_shows_what_came_before_it_and_no_compaction(client: OpenAI) -> None:
    first = answer(client, model=MODEL, input=long_conversation(), context_management=MANAGEMENT)
    assert [item.type for item in first.output] == ["compaction", "message"]
    second = answer(client, model=MODEL, input="And now?", previous_response_id=first.id)
    shown = list(client.responses.input_items.list(second.id, order="asc", limit=100))
    assert {item.type for item in shown} == {"message"}
    assert text(shown[-1]) == "And now?"
    assert text(shown[-2]) == first.output_text


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("order=up", "order"),
        ("after=msg_x", "after"),
        ("before=msg_x", "before"),
        ("include=bogus", "include[0]"),
        ("include[]=reasoning.encrypted_content&include[]=bogus", "include[1]"),
    ],
)
def test_a_page_that_does_not_exist_is_refused(client: OpenAI, query: str, param: str) -> None:
    response = answer(client, model=MODEL, input="Hi")
    refused = httpx.get(f"{client.base_url}responses/{response.id}/input_items?{query}")
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)


def test_what_can_be_included_may_be_asked_for_in_either_form(client: OpenAI) -> None:
    response = answer(client, model=MODEL, input="Hi")
    door = f"{client.base_url}responses/{response.id}"
    for form in ("include", "include[]"):
        query = f"{form}=reasoning.encrypted_content&{form}=message.input_image.image_url"
        assert httpx.get(f"{door}?{query}").status_code == 200
        assert httpx.get(f"{door}/input_items?{query}").status_code == 200
        assert httpx.get(f"{door}?{form}=bogus").json()["error"]["code"] == "invalid_value"


def test_pages_come_to_an_end_though_an_item_was_sent_twice(client: OpenAI) -> None:
    items = [
        {"type": "message", "role": "user", "id": f"msg_{name}", "content": f"Line {name}"}
        for name in ("a", "b", "a", "c")
    ]
    response = answer(client, model=MODEL, input=items)
    pages = client.responses.input_items.list(response.id, order="asc", limit=1)
    assert [item.id for item in islice(pages, 10)] == ["msg_b", "msg_a", "msg_c"]


def test_input_items_of_an_unknown_response_are_a_404(client: OpenAI) -> None:
    with pytest.raises(NotFoundError):
        client.responses.input_items.list("resp_none")


def test_input_tokens_count_the_window_instructions_and_tools(client: OpenAI) -> None:
    plain = client.responses.input_tokens.count(model=MODEL, input="Hello there")
    assert plain.object == "response.input_tokens"
    assert 2 < plain.input_tokens < 20
    more = client.responses.input_tokens.count(
        model=MODEL, input="Hello there", instructions="Be brief. " * 20
    )
    assert more.input_tokens > plain.input_tokens + 40


def test_a_body_of_which_every_member_may_be_absent_may_be_absent_itself(client: OpenAI) -> None:
    for path in ("responses/input_tokens", "conversations"):
        assert httpx.post(f"{client.base_url}{path}").status_code == 200
    assert httpx.post(f"{client.base_url}responses").status_code == 400


def test_input_tokens_of_a_chain_count_from_its_compaction(client: OpenAI) -> None:
    first = answer(client, model=MODEL, input=long_conversation(), context_management=MANAGEMENT)
    whole = client.responses.input_tokens.count(model=MODEL, input=long_conversation())  # type: ignore[arg-type]
    compacted = client.responses.input_tokens.count(model=MODEL, input="Go on", previous_response_id=first.id)
    assert compacted.input_tokens < whole.input_tokens / 3
    with pytest.raises(BadRequestError, match="not found"):
        client.responses.input_tokens.count(model=MODEL, input="Go on", previous_response_id="resp_none")


def text(item: object) -> str:
    """Return the text of a message's first part."""
    return str(item.content[0].text)  # type: ignore[attr-defined]  # only messages are given here
