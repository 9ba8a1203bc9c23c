"""Webhooks on the wire: signatures, addresses, and the posting itself."""
