"""What a compaction item holds can be opened by its tenant, on this server, and by nobody else."""

import json

import pytest
from hypothesis import given, settings

from shared.adapters.sealer import AesGcmSealer, new_key
from shared.compression import compress
from shared.errors import InvalidSeal
from shared.sealing import seal_payload, unseal_payload
from shared.window.payload import Payload, SizedItem
from tests.strategies import conversations

SEALER = AesGcmSealer([new_key()])


def payload(kept: list[SizedItem]) -> Payload:
    return Payload(
        version=1,
        id="cmp_1",
        origin="automatic",
        kept=kept,
        record="Grüße 🦊",
        ledger={"entries": [1]},
        tokens=sum(entry.tokens for entry in kept),
    )


@settings(max_examples=30)
@given(conversations())
def test_what_was_sealed_comes_back(kept: list[SizedItem]) -> None:
    opened = unseal_payload(SEALER, seal_payload(SEALER, payload(kept), tenant="a"), tenant="a")

    assert opened == payload(kept)


def test_repetition_takes_no_room() -> None:
    once = seal_payload(
        SEALER, payload([]).model_copy(update={"record": "over and over " * 2_000}), tenant="a"
    )

    assert len(once) < 2_000


def test_another_tenant_cannot_open_it() -> None:
    sealed = seal_payload(SEALER, payload([]), tenant="a")

    with pytest.raises(InvalidSeal):
        unseal_payload(SEALER, sealed, tenant="b")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(json.dumps({"version": 2}).encode(), id="a version of tomorrow"),
        pytest.param(json.dumps({"version": 1, "id": "cmp_1"}).encode(), id="half of it"),
    ],
)
def test_what_this_server_cannot_read_is_no_seal_of_its(document: bytes) -> None:
    sealed = SEALER.seal(compress(document), tenant="a", kind="compaction")

    with pytest.raises(InvalidSeal, match="version that this server does not read"):
        unseal_payload(SEALER, sealed, tenant="a")


def test_what_was_sealed_for_another_purpose_is_no_compaction() -> None:
    sealed = SEALER.seal(b"{}", tenant="a", kind="cursor")

    with pytest.raises(InvalidSeal):
        unseal_payload(SEALER, sealed, tenant="a")
