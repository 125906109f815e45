"""Enrollment: one patient on one pathway after one procedure, and the calendar that follows from it.

``planning`` decides what is due when, as pure functions; ``rules`` holds the allowed moves; one file per verb does
the rest. Nothing here sends anything.
"""
