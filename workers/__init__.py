"""The background door: the Celery application and its tasks."""
