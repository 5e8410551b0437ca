"""This process, as leases name it."""

from __future__ import annotations

import os
import socket


def holder_name() -> str:
    """Host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"
