"""A package, so that pytest lets all its modules share one server."""
