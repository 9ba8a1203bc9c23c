"""Only what this server sealed, for this tenant and this kind, unchanged, opens again."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.sealer import MAX_PAYLOAD_BYTES, MAX_SEALED_CHARS, AesGcmSealer, new_key
from shared.errors import HithertoError, InvalidSeal

KEY = new_key()
SEALER = AesGcmSealer([KEY])
SEALED = SEALER.seal(b"payload", tenant="acme", kind="compaction")
ANY_TEXT = st.text(st.characters(codec=None))


@given(st.binary(max_size=500), ANY_TEXT, ANY_TEXT)
def test_the_same_tenant_and_kind_open_it(payload: bytes, tenant: str, kind: str) -> None:
    sealed = SEALER.seal(payload, tenant=tenant, kind=kind)

    assert SEALER.unseal(sealed, tenant=tenant, kind=kind) == payload


def test_sealed_text_is_url_safe_and_tells_nothing() -> None:
    assert set(SEALED) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert b"payload" not in urlsafe_b64decode(SEALED + "=" * (-len(SEALED) % 4))


def test_the_same_payload_is_the_same_text_and_any_other_has_a_nonce_of_its_own() -> None:
    assert SEALER.seal(b"payload", tenant="acme", kind="compaction") == SEALED
    others = [
        SEALER.seal(b"payloae", tenant="acme", kind="compaction"),
        SEALER.seal(b"payload", tenant="acma", kind="compaction"),
        SEALER.seal(b"payload", tenant="acme", kind="compactioo"),
        AesGcmSealer([new_key()]).seal(b"payload", tenant="acme", kind="compaction"),
    ]
    # Version and key id are 9 bytes: 12 characters, and the nonce 16 after them.
    assert len({text[12:28] for text in [SEALED, *others]}) == 5


@pytest.mark.parametrize(
    ("tenant", "kind"),
    [
        ("other", "compaction"),
        ("acme", "reasoning"),
        ("acmec", "ompaction"),
        ("", "acmecompaction"),
        ("acme", ""),
    ],
    ids=["another tenant", "another kind", "a shifted border", "all in the kind", "no kind"],
)
def test_another_tenant_or_kind_cannot_open_it(tenant: str, kind: str) -> None:
    with pytest.raises(InvalidSeal):
        SEALER.unseal(SEALED, tenant=tenant, kind=kind)


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_a_change_of_any_character_is_noticed(place: int) -> None:
    other = "A" if SEALED[place] != "A" else "B"

    with pytest.raises(InvalidSeal):
        SEALER.unseal(SEALED[:place] + other + SEALED[place + 1 :], tenant="acme", kind="compaction")


@given(st.integers(min_value=0), st.integers(0, 7))
def test_a_change_of_any_bit_is_noticed(place: int, bit: int) -> None:
    envelope = bytearray(urlsafe_b64decode(SEALED + "=" * (-len(SEALED) % 4)))
    envelope[place % len(envelope)] ^= 1 << bit
    changed = urlsafe_b64encode(envelope).rstrip(b"=").decode()

    with pytest.raises(InvalidSeal):
        SEALER.unseal(changed, tenant="acme", kind="compaction")


@given(st.integers(0, len(SEALED)), st.text(st.characters(codec=None), min_size=1, max_size=3))
def test_an_added_character_is_noticed(place: int, added: str) -> None:
    with pytest.raises(InvalidSeal):
        SEALER.unseal(SEALED[:place] + added + SEALED[place:], tenant="acme", kind="compaction")


@given(st.integers(0, len(SEALED) - 1))
def test_a_cut_is_noticed(length: int) -> None:
    with pytest.raises(InvalidSeal):
        SEALER.unseal(SEALED[:length], tenant="acme", kind="compaction")


@given(ANY_TEXT | st.text("ABCxyz019-_=", max_size=100))
def test_garbage_raises_invalid_seal_and_nothing_else(garbage: str) -> None:
    with pytest.raises(InvalidSeal):
        SEALER.unseal(garbage, tenant="acme", kind="compaction")


@pytest.mark.parametrize(
    "sealed",
    ["", "=", SEALED + "=", SEALED + "\n", " " + SEALED, "é" + SEALED, "A" * (MAX_SEALED_CHARS + 1)],
    ids=["empty", "padding alone", "padded", "line end", "blank", "not ASCII", "too long"],
)
def test_what_is_not_exactly_our_text_is_refused(sealed: str) -> None:
    with pytest.raises(InvalidSeal):
        SEALER.unseal(sealed, tenant="acme", kind="compaction")


def test_an_older_key_still_opens_what_it_sealed() -> None:
    rotated = AesGcmSealer([new_key(), KEY])

    assert rotated.unseal(SEALED, tenant="acme", kind="compaction") == b"payload"


def test_the_first_key_seals() -> None:
    newer = new_key()

    sealed = AesGcmSealer([newer, KEY]).seal(b"payload", tenant="acme", kind="compaction")

    assert AesGcmSealer([newer]).unseal(sealed, tenant="acme", kind="compaction") == b"payload"


def test_a_key_that_was_taken_away_opens_nothing() -> None:
    with pytest.raises(InvalidSeal):
        AesGcmSealer([new_key()]).unseal(SEALED, tenant="acme", kind="compaction")


def test_the_longest_payload_makes_the_longest_text_that_a_client_may_send() -> None:
    sealed = SEALER.seal(bytes(MAX_PAYLOAD_BYTES), tenant="acme", kind="compaction")

    assert len(sealed) == MAX_SEALED_CHARS
    assert len(SEALER.unseal(sealed, tenant="acme", kind="compaction")) == MAX_PAYLOAD_BYTES


def test_a_longer_payload_is_not_sealed() -> None:
    with pytest.raises(HithertoError, match="too long"):
        SEALER.seal(bytes(MAX_PAYLOAD_BYTES + 1), tenant="acme", kind="compaction")


def test_a_key_may_be_padded() -> None:
    padded = AesGcmSealer([KEY + "="])

    assert padded.unseal(SEALED, tenant="acme", kind="compaction") == b"payload"


@pytest.mark.parametrize(
    "key",
    ["", "short", KEY[:-1], KEY + "AAAA", "é" * 43, "+" + KEY[1:]],
    ids=["empty", "short", "one off", "long", "not ASCII", "standard alphabet"],
)
def test_a_key_of_another_form_is_refused_and_never_quoted(key: str) -> None:
    with pytest.raises(HithertoError, match="32 bytes") as caught:
        AesGcmSealer([key])

    assert not key or key not in str(caught.value)


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(HithertoError, match="at least one"):
        AesGcmSealer([])


def test_every_new_key_is_another() -> None:
    assert new_key() != new_key()
