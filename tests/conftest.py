"""What all tests share."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures.redis_server", "tests.fixtures.house"]

# The machine may be busy: how long an example takes says nothing about whether it holds.
settings.register_profile("hitherto", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hitherto")
