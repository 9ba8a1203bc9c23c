"""The house: what stands in `shared` is there because both doors need it."""

import grimp
import pytest

DOORS = ("api", "workers")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("api", "shared", "workers")


def test_a_module_of_shared_is_used_by_both_doors(graph: grimp.ImportGraph) -> None:
    used = {door: graph.find_upstream_modules(door, as_package=True) for door in DOORS}
    modules = {
        module for module in graph.modules if module.startswith("shared.") and not graph.find_children(module)
    }
    assert {door: sorted(modules - used[door]) for door in DOORS} == {door: [] for door in DOORS}
