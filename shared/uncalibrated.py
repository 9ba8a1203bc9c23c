"""A calibration that knows nothing and learns nothing: what is counted is taken as it is."""

from shared.window.calibration import EXACT, Correction, Size
from shared.wire.responses import Usage


class Uncalibrated:
    """The port `Calibration` where no upstream is to be learned from."""

    async def correction(self, model: str) -> Correction:
        """Return what changes nothing."""
        return EXACT

    async def learn(self, model: str, size: Size, usage: Usage) -> None:
        """Learn nothing."""


UNCALIBRATED = Uncalibrated()
