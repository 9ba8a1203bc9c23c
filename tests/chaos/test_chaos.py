"""Chaos: whatever is killed, frozen or cut, no response is lost, stuck, duplicated or corrupted.

CHAOS_RESPONSES, CHAOS_FAULTS and CHAOS_SEED say how many of what, and which; `make chaos` runs the long form.
"""

import os
from pathlib import Path

import pytest

from tests.chaos.run import Plan, run_chaos

RESPONSES = int(os.environ.get("CHAOS_RESPONSES", "100"))
FAULTS = int(os.environ.get("CHAOS_FAULTS", "7"))
SEED = int(os.environ.get("CHAOS_SEED", "2"))
LEASE_SECONDS = float(os.environ.get("CHAOS_LEASE_SECONDS", "2"))
# Time for a fault to heal before the next one strikes, more or less: some meet the one before.
SECONDS_PER_FAULT = LEASE_SECONDS * 1.3


@pytest.mark.timeout(200 + FAULTS * 15)
def test_responses_outlive_faults_of_every_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(SEED, RESPONSES, FAULTS, FAULTS * SECONDS_PER_FAULT, LEASE_SECONDS)
    outcome = run_chaos(plan, tmp_path)
    with capsys.disabled():
        print("", *outcome.report, sep="\n")
    assert not outcome.violations, "\n".join(outcome.violations)
