"""The OpenAPI document names what is there, and refers to nothing that is not."""

import json
from typing import Any

import pytest

from api.app import create_app
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


def test_bodies_are_described(document: dict[str, Any]) -> None:
    for path in ("/v1/responses", "/v1/responses/compact", "/v1/responses/input_tokens"):
        assert document["paths"][path]["post"]["requestBody"]["required"]
