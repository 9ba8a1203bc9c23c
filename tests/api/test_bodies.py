"""Large bodies are read beside the loop, and no window has more than so many items."""

import json
import threading
from collections.abc import Callable

import pytest

from api.bodies import READ_INLINE_BYTES, read_json
from api.validation.parsing import parse_compact, parse_create
from shared.errors import InvalidRequest
from tests.sentences import array_too_long


@pytest.mark.parametrize(("size", "is_beside"), [(10, False), (READ_INLINE_BYTES, True)])
async def test_a_large_body_is_read_beside_the_loop(size: int, is_beside: bool) -> None:
    thread = await read_json(json.dumps("x" * size).encode(), lambda _: threading.get_ident())
    assert (thread != threading.get_ident()) is is_beside


@pytest.mark.parametrize("parse", [parse_create, parse_compact])
def test_an_input_has_no_more_items_than_a_process_can_read_in_passing(
    parse: Callable[[object], object],
) -> None:
    item = {"role": "user", "content": ""}
    with pytest.raises(InvalidRequest) as caught:
        parse({"model": "m", "input": [item] * 10_001})
    refusal = caught.value.message, caught.value.param, caught.value.code
    assert refusal == array_too_long("input", 10_000, 10_001)
