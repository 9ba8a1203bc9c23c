"""The OpenAPI document names what is there, and refers to nothing that is not."""

import json
import re
from typing import Any

import pytest

from api.app import create_app
from api.document_page import render_page
from shared.settings import Settings


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def test_every_endpoint_says_what_it_answers_and_how_it_fails(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "422" not in operation["responses"], (method, path)
            if path.startswith("/v1/"):
                assert {"200", "4XX", "5XX"} <= set(operation["responses"]), (method, path)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(document["components"]["schemas"])
    assert "$defs" not in text


def test_every_answer_has_a_shape_of_its_own(document: dict[str, Any]) -> None:
    bare = [
        path
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if path.startswith("/v1/") and _answer(operation) == {"type": "object"}
    ]
    # What a compaction did, what one would do, and what taking it back leaves: README has the tables.
    assert {path.rpartition("/")[0] for path in bare} <= {
        "/v1/compactions",
        "/v1/compactions/{compaction_id}",
    }


def _answer(operation: dict[str, Any]) -> Any:
    return operation["responses"]["200"]["content"]["application/json"]["schema"]


def test_a_response_always_has_all_of_its_fields(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Response"]
    assert set(schema["required"]) == set(schema["properties"]) >= {"usage", "conversation", "completed_at"}


def test_queries_and_headers_are_described_as_what_they_are(document: dict[str, Any]) -> None:
    given = {
        (path, entry["name"]): entry["schema"].get("type")
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for entry in operation.get("parameters", [])
    }
    one = "/v1/responses/{response_id}"
    assert [given[one, name] for name in ("stream", "starting_after", "include[]")] == [
        "boolean",
        "integer",
        "array",
    ]
    assert given[f"{one}/input_items", "limit"] == given["/v1/conversations/{conversation_id}/items", "limit"]
    assert given["/v1/responses", "Idempotency-Key"] == "string"


def test_the_page_tells_of_every_endpoint_and_schema_and_loads_nothing(document: dict[str, Any]) -> None:
    page = render_page(document)
    for path in document["paths"]:
        assert f"</span>{path}</code>" in page
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in page
    links = re.findall(r'(?:href|src|url)\s*[=(]\s*"?([^">)]+)', page)
    assert {link for link in links if not link.startswith("#")} == {"openapi.json"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(document["components"]["schemas"])
    assert "<script" not in page


def test_the_page_shows_what_is_no_html_as_text() -> None:
    operation = {"summary": "<b>", "responses": {"200": {"description": "<i>"}}}
    page = render_page(
        {
            "info": {"title": "<t>", "version": "1"},
            "paths": {"/<p>": {"get": operation}},
            "components": {"schemas": {"<s>": {"enum": ["<e>"]}}},
        }
    )
    assert not any(tag in page for tag in ("<b>", "<i>", "<t>", "/<p>", "<s>", "<e>"))


def test_bodies_are_described(document: dict[str, Any]) -> None:
    for path, required in (
        ("/v1/responses", True),
        ("/v1/responses/compact", True),
        ("/v1/responses/input_tokens", False),
    ):
        assert document["paths"][path]["post"]["requestBody"]["required"] is required
