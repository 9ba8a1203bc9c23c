"""What no process could start with is said before any starts, by the command line and by the doctor."""

from pathlib import Path
from typing import Any

import pytest

from api.doctor.configuration import check_choices, check_sealing
from api.settings_check import check_settings
from shared.adapters.sealer import new_key
from shared.errors import ConfigurationError
from shared.settings import Settings

SECRET = "whsec_" + "A" * 32


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"tokenizer_encoding": "p50k_base"}, "TOKENIZER_ENCODING"),
        ({"webhook_url": "ftp://example.com", "webhook_secret": SECRET}, "WEBHOOK_URL"),
        ({"pins": "x\n" * 65}, "PINS"),
        ({"summary_sections": "Goal, Goal"}, "SUMMARY_SECTIONS"),
        ({"summarizer_prompt_file": Path("/nowhere/at/all")}, "/nowhere/at/all"),
        ({"encryption_keys": "hunter2"}, "ENCRYPTION_KEYS"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_that_no_process_could_start_with_is_named(given: dict[str, Any], named: str) -> None:
    settings = Settings.model_validate(given)
    with pytest.raises(ConfigurationError, match=named) as caught:
        check_settings(settings)
    assert "hunter2" not in caught.value.message
    findings = [*check_choices(settings), check_sealing(settings)]
    assert [named in finding.says for finding in findings].count(True) == 1


def test_settings_that_can_be_used_are_no_finding() -> None:
    settings = Settings.model_validate({"encryption_keys": new_key()})
    check_settings(settings)
    assert check_choices(settings) == []
