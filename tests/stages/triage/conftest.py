"""The same clinic as in the tests of replies."""

from tests.stages.replies.conftest import clinic, house

__all__ = ["clinic", "house"]
