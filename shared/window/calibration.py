"""Calibration: how a model's own count of tokens follows from ours, learned from what its upstream reported.

Nobody publishes every tokenizer and chat template. So a straight line is fitted for each model, what a
template adds to every request and a factor on text, by least squares of the relative error: a Bayesian
regression whose prior holds until something was reported. What no tokenizer counted is no part of it.
"""

from dataclasses import dataclass, replace
from math import ceil, sqrt

from shared.wire.responses import Usage

# No honest tokenizer is farther from ours. Below are reports of the part of a prompt that was not in a
# cache, or that a server cut; above are those that add up several requests.
_LEAST_RATIO, _MOST_RATIO = 0.6, 4.0
LEAST_FACTOR, MOST_FACTOR = 0.5, 3.0
_MOST_OVERHEAD = 2000.0

# What older evidence weighs after each report of a full-sized window: the newest ten or so are what counts.
_KEPT = 0.9
_FULL_SIZE = 2000
# Less says nothing about a tokenizer, and too many images hide what text there is.
_LEAST_TEXT = 50
_LEAST_TEXT_SHARE = 0.5
# A report is not believed to be farther from the line than this at once, when there is a line.
_MOST_SURPRISE = 0.4
_A_LINE = 3.0

# What is expected before anything is known: the spread around the line, and how far the line may be from
# its prior. All are fractions, but for the tokens of a chat template.
_SPREAD, _SPREAD_WEIGHT = 0.05, 2.0
_FACTOR_SPREAD = 0.3
_OVERHEAD_SPREAD = 300.0
# The estimate may be under by this much: only a wider spread calls for a margin.
_TOLERATED = 0.05
_MOST_MARGIN = 0.25


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens as hitherto counts them; `by_rule` are those of images, files and thoughts among them.

    No tokenizer counted these, and a model may not be given them all: they are taken as they are. `marks` are
    those around items, which a finer tokenizer makes no fewer. `guessed` are those by rule for media whose size
    only the provider knows: they may be far too many.
    """

    counted: int
    by_rule: int = 0
    marks: int = 0
    guessed: int = 0

    @property
    def text(self) -> int:
        """What a tokenizer counted."""
        return max(self.counted - self.by_rule, 0)


NOTHING = Size(0)


@dataclass(frozen=True, slots=True)
class Correction:
    """Turns counted tokens into the model's own and back.

    `overhead`, in its tokens, is what it adds to every request. `margin` is a factor on top of both: caution,
    for where too few tokens would be worse than too many.
    """

    factor: float = 1.0
    overhead: float = 0.0
    margin: float = 1.0

    def real(self, size: Size) -> int:
        """Return the model's tokens for a request of so much: estimated upwards."""
        return ceil(self._overhead) + self.part(size)

    def part(self, size: Size) -> int:
        """Return the model's tokens for a part of a request: nothing is added for what surrounds it."""
        fixed = min(self._fixed(size), size.counted)
        return ceil(self._factor * (size.counted - fixed)) + fixed

    def least(self, size: Size) -> int:
        """Return the model's tokens for a request of so much, without caution and without what is guessed."""
        known = replace(
            size,
            counted=max(size.counted - size.guessed, 0),
            by_rule=max(size.by_rule - size.guessed, 0),
            guessed=0,
        )
        return replace(self, margin=1.0).real(known)

    def counted(self, real: int, *, of: Size = NOTHING) -> int:
        """Return the most counted tokens of a request `of` this size that are no more than `real` of the model's."""
        fixed = min(self._fixed(of), max(real, 0))
        return max(self._most(real - ceil(self._overhead) - fixed), 0) + fixed

    def budget(self, real: int) -> int:
        """Return how much may be counted for a part of a window that is to have `real` tokens; at least 1."""
        return max(self._most(real), 1)

    def _most(self, real: int) -> int:
        """Return the most tokens of text that are no more than `real` of the model's."""
        most = int(real / self._factor)
        # Rounding must not make one too many of them.
        return most - 1 if ceil(self._factor * most) > real else most

    @property
    def _factor(self) -> float:
        return self.factor * self.margin

    @property
    def _overhead(self) -> float:
        return self.overhead * self.margin

    def _fixed(self, size: Size) -> int:
        return size.by_rule + (size.marks if self._factor < 1 else 0)


EXACT = Correction()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sums over reports, where x is the counted text of one, y what was reported of it, and w its weight."""

    weight: float = 0.0
    per_counted: float = 0.0  # w / x
    per_square: float = 0.0  # w / x²
    ratio: float = 0.0  # w y / x
    ratio_per_counted: float = 0.0  # w y / x²
    ratio_squared: float = 0.0  # w y² / x²

    @property
    def sums(self) -> tuple[float, ...]:
        """The fields, in order."""
        return (
            self.weight,
            self.per_counted,
            self.per_square,
            self.ratio,
            self.ratio_per_counted,
            self.ratio_squared,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What one report adds to the evidence, once that was multiplied by `keep`."""

    keep: float
    evidence: Evidence

    def added_to(self, older: Evidence) -> Evidence:
        """Return older evidence and this."""
        return Evidence(
            *(self.keep * old + new for old, new in zip(older.sums, self.evidence.sums, strict=True))
        )


def report_of(size: Size, usage: Usage, *, evidence: Evidence, prior: float = 1.0) -> Report | None:
    """Return what the usage of a request of `size` teaches, or None for nothing that could be believed.

    `evidence` and `prior` are what is known: a report far from what they foretell counts as one less far.
    """
    reported = usage.input_tokens - size.by_rule
    cached = usage.input_tokens_details.cached_tokens
    if cached > usage.input_tokens or size.text < max(_LEAST_TEXT, _LEAST_TEXT_SHARE * size.counted):
        return None
    if not _LEAST_RATIO * size.text <= reported <= _MOST_RATIO * size.text + _MOST_OVERHEAD:
        return None
    weight = min(1.0, size.text / _FULL_SIZE) * (size.text / size.counted) ** 2
    return _weighed(size.text, _believed(reported, size.text, evidence, prior), weight)


def correction_from(evidence: Evidence, *, prior: float = 1.0) -> Correction:
    """Return the correction that the evidence calls for, with a margin where reports differ much."""
    if evidence.weight == 0:
        return Correction(factor=min(prior, 1.0), margin=max(prior, 1.0))
    factor, overhead = _line(evidence, prior)
    margin = 1 + min(max(2 * _spread(evidence, factor, overhead) - _TOLERATED, 0.0), _MOST_MARGIN)
    return Correction(factor, overhead, margin)


def _weighed(counted: int, reported: float, weight: float) -> Report:
    ratio = reported / counted
    evidence = Evidence(
        weight=weight,
        per_counted=weight / counted,
        per_square=weight / counted**2,
        ratio=weight * ratio,
        ratio_per_counted=weight * ratio / counted,
        ratio_squared=weight * ratio**2,
    )
    return Report(keep=_KEPT**weight, evidence=evidence)


def _believed(reported: int, counted: int, evidence: Evidence, prior: float) -> float:
    if evidence.weight < _A_LINE:
        return reported
    factor, overhead = _line(evidence, prior)
    foretold = overhead + factor * counted
    return min(max(reported, foretold * (1 - _MOST_SURPRISE)), foretold * (1 + _MOST_SURPRISE))


def _line(evidence: Evidence, prior: float) -> tuple[float, float]:
    """Return factor and overhead: the ridge regression of y / x on 1 and 1 / x."""
    to_factor = (_SPREAD / _FACTOR_SPREAD) ** 2
    to_overhead = (_SPREAD / _OVERHEAD_SPREAD) ** 2
    on_factor, on_overhead = evidence.weight + to_factor, evidence.per_square + to_overhead
    pull = evidence.ratio + to_factor * prior
    determinant = on_factor * on_overhead - evidence.per_counted**2
    overhead = (on_factor * evidence.ratio_per_counted - evidence.per_counted * pull) / determinant
    overhead = min(max(overhead, 0.0), _MOST_OVERHEAD)
    return _clamped((pull - evidence.per_counted * overhead) / on_factor), overhead


def _spread(evidence: Evidence, factor: float, overhead: float) -> float:
    """Return by what fraction the reports differ from the line."""
    squares = (
        evidence.ratio_squared
        + overhead**2 * evidence.per_square
        + factor**2 * evidence.weight
        - 2 * overhead * evidence.ratio_per_counted
        - 2 * factor * evidence.ratio
        + 2 * overhead * factor * evidence.per_counted
    )
    known = max(squares, 0.0) / factor**2 + _SPREAD_WEIGHT * _SPREAD**2
    return sqrt(known / (evidence.weight + _SPREAD_WEIGHT))


def _clamped(factor: float) -> float:
    return min(max(factor, LEAST_FACTOR), MOST_FACTOR)
