"""The terminal demonstration: a real-looking session, and a run that shows what compaction keeps of it."""
