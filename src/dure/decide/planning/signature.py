"""Who decided: a detached Ed25519 signature over the bytes of a sealed file, which openssl alone can check:

    openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in decision.zip -sigfile decision.zip.sig

The same file and key always give the same 64 bytes (RFC 8032), so signing again changes nothing.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text


def sign(sealed: bytes, private_key: bytes) -> bytes:
    """The signature (64 bytes) of `sealed` by a PEM private key. Raises InvalidInput for a key of another kind."""
    return _private(private_key).sign(sealed)


def verify(sealed: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether `signature` is the key holder's over exactly these bytes. Raises InvalidInput for an unusable key."""
    try:
        key = serialization.load_pem_public_key(public_key)
    except ValueError as error:
        raise _unusable("public_key", str(error)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable("public_key", type(key).__name__)
    try:
        key.verify(signature, sealed)
    except InvalidSignature:
        return False
    return True


def public_key(private_key: bytes) -> bytes:
    """The public half of a PEM private key, as PEM: what is published. Raises InvalidInput."""
    return (
        _private(private_key)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise _unusable("private_key", str(error)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable("private_key", type(key).__name__)
    return key


def _unusable(where: str, internal: str) -> InvalidInput:
    what = Text("암호를 걸지 않은 PEM 형식의 Ed25519 열쇠가 아닙니다.", "This is no unencrypted Ed25519 key in PEM.")
    remedy = Text(
        "`openssl genpkey -algorithm ed25519`로 만드십시오.", "Make one with `openssl genpkey -algorithm ed25519`."
    )
    return InvalidInput(Mistake(where, what, remedy), internal)
