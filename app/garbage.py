"""Python's garbage collector, set for processes that load much once and then do many small things."""

from __future__ import annotations

import gc

# Objects made since the last look before it looks again; Python's own 700 are made by half a process step.
NEW_OBJECTS = 20_000


def keep_what_is_loaded() -> None:
    """What is loaded by now stays: the collector need not go through it again, and forked processes share it.

    Call it once, when everything is imported and before anything is forked.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 10, 10)
