"""Rows and transactions: the truth of the service lives in PostgreSQL. No business words below this folder."""
