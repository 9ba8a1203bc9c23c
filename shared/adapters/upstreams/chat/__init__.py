"""Providers that speak chat completions."""
