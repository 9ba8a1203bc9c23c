"""What all tests share."""

import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures.redis_server", "tests.fixtures.house", "tests.fixtures.provider"]

# The machine may be busy: how long an example takes says nothing about whether it holds.
settings.register_profile("hitherto", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hitherto")

# As the default is, but for rich tracebacks: they take seconds to show the variables of every frame. Not as
# processes log: that would hold on to the stderr of now, and a test would not see what it asks capsys for.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
