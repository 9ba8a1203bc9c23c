"""Counting tokens with tiktoken and the vocabulary that ships with hitherto: nothing is ever downloaded."""

import functools
import hashlib
import re
import threading
from binascii import a2b_base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

import tiktoken
import zstandard

from shared.errors import ConfigurationError, HithertoError

# A run of whitespace of about a million characters makes tiktoken's regular expression panic, and the
# time for any run grows faster than its length. Pieces of this many characters keep both far away.
SOFT_PIECE_CHARS = 50_000
HARD_PIECE_CHARS = 60_000


class TiktokenCounter:
    """A TokenCounter for one of OpenAI's encodings.

    The vocabulary is loaded at the first count (a fifth of a second), once per process. Counts are what
    tiktoken's `encode_ordinary` returns; only text with 10,000 characters and more without a space may
    be counted a token or two off for every 50,000 characters. Safe to use from several threads.
    """

    def __init__(self, encoding: str = "o200k_base") -> None:
        """Take the encoding's name. Raises ConfigurationError when no such vocabulary ships."""
        if encoding not in _SHIPPED:
            names = ", ".join(sorted(_SHIPPED))
            raise ConfigurationError(f"There is no tokenizer encoding {encoding!r}: hitherto ships {names}.")
        self._name = encoding

    def count(self, text: str) -> int:
        """Return the number of tokens in `text`; text that looks like a special token is text.

        Any string is counted, unpaired surrogates included. Raises HithertoError when the shipped
        vocabulary is missing or damaged.
        """
        encoding = _load(self._name)
        return sum(len(encoding.encode_ordinary(piece)) for piece in _pieces(text))


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """A shipped file of merge ranks, and the pattern that parts text before they apply.

    Special tokens are left out: nobody writes them, text that looks like one is text.
    """

    file: str
    sha256: str
    plain_bytes: int
    pattern: str


# The public definition of o200k_base: letters with their case and an English contraction, up to three
# digits, punctuation, line ends, other whitespace.
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_O200K_PATTERN = "|".join(
    (
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}",
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)

# That of cl100k_base: whole words in any case, no line ends but with punctuation before them.
_CL100K_PATTERN = "|".join(
    (
        r"'(?i:[sdmt]|ll|ve|re)",
        r"[^\r\n\p{L}\p{N}]?+\p{L}++",
        r"\p{N}{1,3}+",
        r" ?[^\s\p{L}\p{N}]++[\r\n]*+",
        r"\s++$",
        r"\s*[\r\n]",
        r"\s+(?!\S)",
        r"\s",
    )
)

_O200K = _Vocabulary(
    file="o200k_base.tiktoken.zst",
    sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    plain_bytes=3_613_922,
    pattern=_O200K_PATTERN,
)
_CL100K = _Vocabulary(
    file="cl100k_base.tiktoken.zst",
    sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    plain_bytes=1_681_126,
    pattern=_CL100K_PATTERN,
)

# The harmony encoding of gpt-oss differs from o200k_base in its special tokens alone, and all text is text.
_SHIPPED: Mapping[str, _Vocabulary] = {
    "cl100k_base": _CL100K,
    "o200k_base": _O200K,
    "o200k_harmony": _O200K,
}

_LOADING = threading.Lock()


def _load(name: str) -> tiktoken.Encoding:
    # The cache alone would let threads that come first at the same time load it once each.
    with _LOADING:
        return _encoding(name)


@functools.cache
def _encoding(name: str) -> tiktoken.Encoding:
    vocabulary = _SHIPPED[name]
    return tiktoken.Encoding(
        name,
        pat_str=vocabulary.pattern,
        mergeable_ranks=_ranks(_verified(_read(vocabulary), vocabulary)),
        special_tokens={},
    )


def _read(vocabulary: _Vocabulary) -> bytes:
    try:
        return resources.files("shared.adapters").joinpath("vocabulary", vocabulary.file).read_bytes()
    except OSError as error:
        raise HithertoError(
            f"The vocabulary {vocabulary.file} is missing: install hitherto again."
        ) from error


def _verified(packed: bytes, vocabulary: _Vocabulary) -> bytes:
    """Return the plain file. Raises HithertoError when it is not, byte for byte, the published one."""
    damaged = f"The vocabulary {vocabulary.file} is damaged (SHA-256 differs): install hitherto again."
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            plain = reader.read(vocabulary.plain_bytes + 1)
    except zstandard.ZstdError as error:
        raise HithertoError(damaged) from error
    if hashlib.sha256(plain).hexdigest() != vocabulary.sha256:
        raise HithertoError(damaged)
    return plain


def _ranks(plain: bytes) -> dict[bytes, int]:
    fields = plain.split()
    return dict(zip(map(a2b_base64, fields[::2]), map(int, fields[1::2]), strict=True))


# No token of the pattern runs from a character into a space that follows it, so that counting the two
# sides of such a place apart changes nothing.
_EXACT_CUT = re.compile(r"(?<=\S) ")


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > HARD_PIECE_CHARS:
        found = _EXACT_CUT.search(text, start + SOFT_PIECE_CHARS, start + HARD_PIECE_CHARS)
        end = found.start() if found else start + HARD_PIECE_CHARS
        yield text[start:end]
        start = end
    yield text[start:]
