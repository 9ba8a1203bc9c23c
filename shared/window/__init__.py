"""Pure arithmetic of the window: prefix hashes, token counts, the effective window."""
