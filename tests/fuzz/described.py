"""Requests that schemathesis makes from the OpenAPI document, right and wrong ones, and its checks of the answers."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Err, Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.fuzz.answers import Answer
from tests.fuzz.sending import TIMEOUT_SECONDS
from tests.fuzz.tally import Tally

_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(frozen=True, slots=True)
class Described:
    """An endpoint of the document: requests to it that are right, or wrong, and how many of all are its."""

    label: str
    cases: st.SearchStrategy[Case[Any]]
    share: int


def schema_of(root: str) -> OpenApiSchema:
    """Return the document that the server at `root` shows."""
    return schemathesis.openapi.from_url(f"{root}/openapi.json")


def described(schema: OpenApiSchema) -> list[Described]:
    """Return every endpoint of the document, once for right requests and once for wrong ones."""
    return [
        Described(operation.label, operation.as_strategy(generation_mode=mode), share)
        for operation in _operations(schema)
        for mode, share in _shares(operation)
    ]


def operations_of(schema: OpenApiSchema) -> set[tuple[str, str]]:
    """Return the method and path of every endpoint."""
    return {(operation.method.upper(), operation.path) for operation in _operations(schema)}


def _operations(schema: OpenApiSchema) -> list[APIOperation[Any, Any, Any, Any]]:
    results = list(schema.get_all_operations())
    wrong = [result.err() for result in results if isinstance(result, Err)]
    assert not wrong, wrong
    return [result.ok() for result in results if isinstance(result, Ok)]


def _shares(operation: APIOperation[Any, Any, Any, Any]) -> Iterator[tuple[GenerationMode, int]]:
    has_body, has_id = bool(operation.body), "{" in operation.path
    yield GenerationMode.POSITIVE, 10 if has_body else 3 if has_id else 1
    # Any text is an id. And wrong bodies take schemathesis a hundred times as long to make as right ones.
    if has_body or bool(operation.query):
        yield GenerationMode.NEGATIVE, 2 if has_body else 1


def new_session() -> requests.Session:
    """Return a session that asks the server itself, whatever proxies the environment names."""
    session = requests.Session()
    session.trust_env = False
    return session


class DescribedDoor:
    """The server as its document describes it, and the tally of what it answers."""

    def __init__(self, root: str, tally: Tally, session: requests.Session) -> None:
        self._root = root
        self._tally = tally
        self._session = session

    def send(self, case: Case[Any]) -> None:
        """Send a request, count its answer, and hold it against the document."""
        label, sent = case.operation.label, repr(case).encode()
        began = time.monotonic()
        try:
            got = case.call(base_url=self._root, session=self._session, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            self._tally.broke(label, f"no answer: {type(error).__name__}", sent)
            return
        self._tally.add(label, _answer(case, got, time.monotonic() - began), sent)
        try:
            case.validate_response(got, checks=_CHECKS)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                self._tally.broke(label, f"schemathesis: {failure}", sent)


def _answer(case: Case[Any], got: schemathesis.Response, seconds: float) -> Answer:
    return Answer(
        method=case.method.upper(),
        path=case.formatted_path,
        status=got.status_code,
        headers={name.lower(): values[0] for name, values in got.headers.items()},
        body=got.content,
        seconds=seconds,
    )
