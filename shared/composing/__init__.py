"""Items under construction: what a model says and calls, on the way to an item of the output."""
