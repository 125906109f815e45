"""The whole service with invented people on this machine: for looking around, and as a printed story.

Everything is real but the outside: PostgreSQL, Redis, Celery workers, the web process, the carrier's SDK over HTTP.
The carrier, the phones and the mailbox are the lab's, the clock can be moved, and all of it is gone at the end.
"""
