"""What every test shares: a state folder of its own, made before Django reads its settings."""

from __future__ import annotations

import os
import tempfile

os.environ["DURE_HOME"] = tempfile.mkdtemp(prefix="dure-tests-")
os.environ.setdefault("DURE_SECRET_KEY", "tests-only")
# Playwright keeps an event loop in the worker's main thread, which Django would take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
