# SPDX-License-Identifier: ISC
"""Fixtures that make one thing after the other."""
import contextlib


@contextlib.contextmanager
def closing_all(make):
    """make(...), which can be called again and again; all that it has made is closed in the end,
    the last one first."""
    with contextlib.ExitStack() as made:
        yield lambda *these, **options: made.enter_context(
            contextlib.closing(make(*these, **options)))
