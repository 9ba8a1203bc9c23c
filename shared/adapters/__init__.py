"""One outside thing each: Redis, an upstream model, a tokenizer, a cipher, a task queue."""
