"""Reads across the stages: what pages, the API and monitors show. Nothing here changes a row."""
