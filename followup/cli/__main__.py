"""``python -m followup.cli`` is the same as ``followup``: children are started this way, wherever Python lives."""

from followup.cli import main

main()
