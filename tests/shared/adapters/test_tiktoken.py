"""Token counts equal tiktoken's own, for any text, in bounded time and without a network."""

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters import tiktoken as adapter
from shared.adapters.tiktoken import HARD_PIECE_CHARS, TiktokenCounter
from shared.errors import ConfigurationError, HithertoError

COUNTER = TiktokenCounter()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("hello world", 2),
        ("tiktoken is great!", 6),
        ("The quick brown fox jumps over the lazy dog.", 10),
        ("   ", 1),
        ("1234567", 3),
        ("I'll can't WE'RE", 5),
        ("お誕生日おめでとう", 8),
        ("🎉", 2),
    ],
    ids=["empty", "two words", "rare word", "sentence", "blanks", "digits", "contractions", "kana", "emoji"],
)
def test_counts_are_those_of_the_published_encoding(text: str, tokens: int) -> None:
    assert COUNTER.count(text) == tokens


@pytest.mark.parametrize("text", ["<|endoftext|>", "a <|endofprompt|> b", "<|im_start|>system"])
def test_text_that_looks_like_a_special_token_is_text(text: str) -> None:
    assert COUNTER.count(text) >= 5


@pytest.mark.parametrize(
    "text",
    ["\ud800", "a\udc00b", "\ud83d\ude00", "x" * (HARD_PIECE_CHARS - 1) + "\ud83d\ude00"],
    ids=["high alone", "low alone", "a pair", "a pair across a cut"],
)
def test_surrogates_are_counted_and_raise_nothing(text: str) -> None:
    assert COUNTER.count(text) >= 1


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_every_string_has_a_count(text: str) -> None:
    assert 0 <= COUNTER.count(text) <= 4 * len(text)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.sampled_from(["word", "Wort,", " x", "\n", "\r\n", "  ", ";\n/", "12345", "中文", "it's"]),
        min_size=10,
    )
)
def test_cutting_long_text_into_pieces_changes_no_count_where_there_are_spaces(words: list[str]) -> None:
    block = " ".join(words)
    text = " ".join([block] * (2 * HARD_PIECE_CHARS // len(block) + 1))

    assert COUNTER.count(text) == len(adapter._load("o200k_base").encode_ordinary(text))


@pytest.mark.parametrize("unit", ["a", " ", "\n", "=", "中", "aGVsbG8", "\t ", "🎉", "\u0301"])
def test_a_megabyte_without_a_word_takes_no_more_than_seconds(unit: str) -> None:
    text = (unit * 1_000_000)[:1_000_000]

    began = time.perf_counter()
    tokens = COUNTER.count(text)

    assert tokens >= 7_000
    assert time.perf_counter() - began < 5


def test_a_long_run_counts_almost_the_same_as_uncut() -> None:
    run = "ab" * HARD_PIECE_CHARS

    assert COUNTER.count(run) == pytest.approx(len(adapter._load("o200k_base").encode_ordinary(run)), abs=4)


def test_threads_that_come_first_share_one_vocabulary() -> None:
    adapter._encoding.cache_clear()

    with ThreadPoolExecutor(8) as pool:
        encodings = list(pool.map(lambda _: adapter._load("o200k_base"), range(8)))

    assert len({id(encoding) for encoding in encodings}) == 1


def test_an_unknown_encoding_is_refused_with_the_names_of_those_that_ship() -> None:
    with pytest.raises(ConfigurationError, match=r"'p50k_base'.*cl100k_base, o200k_base, o200k_harmony"):
        TiktokenCounter("p50k_base")


@pytest.mark.parametrize(
    ("encoding", "tokens"),
    [("cl100k_base", 9), ("o200k_base", 8), ("o200k_harmony", 8)],
)
def test_each_encoding_that_ships_counts_by_its_own_vocabulary(encoding: str, tokens: int) -> None:
    counter = TiktokenCounter(encoding)

    assert counter.count("お誕生日おめでとう") == tokens
    assert counter.count("<|endoftext|><|start|>") >= 8


PACKED = resources.files("shared.adapters").joinpath("vocabulary", "o200k_base.tiktoken.zst").read_bytes()


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"not zstandard",
        PACKED[:-1],
        PACKED[:-9] + bytes([PACKED[-9] ^ 1]) + PACKED[-8:],
        zstandard.compress(zstandard.decompress(PACKED) + b"IQ== 0\n"),
        zstandard.compress(zstandard.decompress(PACKED)[:-1]),
    ],
    ids=["empty", "another format", "cut short", "one bit", "a line more", "a byte less"],
)
def test_a_damaged_vocabulary_is_refused(packed: bytes) -> None:
    with pytest.raises(HithertoError, match="damaged"):
        adapter._verified(packed, adapter._SHIPPED["o200k_base"])


def test_a_missing_vocabulary_is_named() -> None:
    absent = dataclasses.replace(adapter._SHIPPED["o200k_base"], file="absent.zst")

    with pytest.raises(HithertoError, match=r"absent\.zst is missing"):
        adapter._read(absent)
