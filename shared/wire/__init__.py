"""Frozen models of what travels over HTTP: items, requests, responses and events."""
