"""The operator's doctor: looks at all that a server needs, changes nothing, and says what to do."""
