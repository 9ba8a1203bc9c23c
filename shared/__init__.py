"""What both doors need: the wire, the domain, the use cases and the adapters."""
