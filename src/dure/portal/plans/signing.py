"""The programme's key: it signs sealed decisions, and lies in a file of the operator's, never in the database."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings


def private_key() -> bytes:
    """The key as PEM, from the file DURE_SEAL_KEY names; made on first use where there is none. Raises OSError."""
    path: Path = settings.ENV.seal_key
    if not path.exists():
        _make(path)
    return path.read_bytes()


def _make(path: Path) -> None:
    """A new key, readable by its owner alone; of two processes that make one at once, one wins."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
