"""What a fork() must not cut through, and what its child leaves alone.

A child has one thread: what the others had begun is never finished there, and locks that they held stay held.
"""

from __future__ import annotations

import os
import threading

fork_lock = threading.RLock()
"""Held while modules are imported that only calls need: no child is made meanwhile, which would wait for them."""

inherited: list[object] = []
"""Connections and the like that belong to the parent: neither used nor closed, so that no destructor touches them."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=fork_lock.acquire, after_in_parent=fork_lock.release, after_in_child=fork_lock.release)
