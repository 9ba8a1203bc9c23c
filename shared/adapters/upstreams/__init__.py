"""Model providers, each behind the port `Upstream`."""
