"""A signature is the key holder's over exactly these bytes; openssl finds the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from dure.core.errors import InvalidInput
from dure.decide.planning.signature import public_key, sign, verify

PEM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).private_bytes(*PEM)
OTHER_KIND = X25519PrivateKey.from_private_bytes(bytes(range(32))).private_bytes(*PEM)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))).private_bytes(*PEM)


def test_only_the_same_bytes_and_the_same_key_verify() -> None:
    signature = sign(b"decision", PRIVATE_KEY)
    assert len(signature) == 64 and signature == sign(b"decision", PRIVATE_KEY)
    assert verify(b"decision", signature, public_key(PRIVATE_KEY))
    assert not verify(b"Decision", signature, public_key(PRIVATE_KEY))
    assert not verify(b"decision", signature, public_key(OTHER_KEY))
    assert not verify(b"decision", signature[:-1], public_key(PRIVATE_KEY))


@pytest.mark.parametrize("key", [b"", b"no key", OTHER_KIND])
def test_other_keys_are_refused_with_what_to_do(key: bytes) -> None:
    for attempt in (lambda: sign(b"decision", key), lambda: verify(b"decision", b"", key)):
        with pytest.raises(InvalidInput) as raised:
            attempt()
        assert "openssl genpkey -algorithm ed25519" in raised.value.public.en


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_alone_can_check(tmp_path: Path) -> None:
    sealed, signature, public = tmp_path / "decision.zip", tmp_path / "decision.zip.sig", tmp_path / "public.pem"
    sealed.write_bytes(b"decision")
    signature.write_bytes(sign(b"decision", PRIVATE_KEY))
    public.write_bytes(public_key(PRIVATE_KEY))
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        public,
        "-rawin",
        "-in",
        sealed,
        "-sigfile",
        signature,
    ]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    sealed.write_bytes(b"Decision")
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0
