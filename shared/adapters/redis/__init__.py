"""Redis: the truth about jobs, responses and their events."""
