"""Providers that speak the Responses API themselves."""
