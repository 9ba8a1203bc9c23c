"""The upstream without a provider."""
