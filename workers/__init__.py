"""Celery tasks: thin doors. A task opens the house, calls one verb, and lets errors speak."""
