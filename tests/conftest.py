"""What all tests share."""

from hypothesis import settings

pytest_plugins = ["tests.fixtures.redis_server", "tests.fixtures.house"]

# The machine may be busy: how long an example takes says nothing about whether it holds.
settings.register_profile("hitherto", deadline=None)
settings.load_profile("hitherto")
