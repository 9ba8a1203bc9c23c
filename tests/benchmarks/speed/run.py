"""Running the speed benchmark."""

from tests.benchmarks.speed.compacting import figures_of_compacting
from tests.benchmarks.speed.figures import Figure
from tests.benchmarks.speed.lasting import figures_of_lasting
from tests.benchmarks.speed.overload import figures_of_overload
from tests.benchmarks.speed.serving import figures_of_serving
from tests.benchmarks.speed.waiting import figures_of_waiting


def measure_all() -> list[Figure]:
    """Return every figure."""
    return [
        *figures_of_compacting(),
        *figures_of_serving(),
        *figures_of_overload(),
        *figures_of_waiting(),
        *figures_of_lasting(),
    ]
