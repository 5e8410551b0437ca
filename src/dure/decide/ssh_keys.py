"""Which SSH public keys are strong enough: RFC 4253 §6.6, RFC 5656, RFC 8709 and OpenSSH's PROTOCOL.u2f."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text

LEAST_RSA_BITS = 3072
STRONG = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that passed: its line without the comment, and its fingerprint as `ssh-keygen -l` prints it."""

    line: str
    kind: str
    bits: int | None
    fingerprint: str


def read(text: str) -> PublicKey:
    """The public key in `text`: one line of an OpenSSH .pub file.

    Raises InvalidInput (field "public_key") for private keys, options before the key, weak or unknown kinds, and
    anything that is not a key at all.
    """
    line = " ".join(text.split())
    if "PRIVATE KEY" in text:
        raise _wrong(
            Text("개인 키를 붙여 넣으셨습니다. 저장하지 않았습니다.", "This is a private key. It was not kept."),
            Text(
                "이 키는 더 쓰지 마시고, 이름이 .pub로 끝나는 공개 키를 붙여 넣어 주십시오.",
                "Stop using it, and paste the public key, whose file name ends in .pub.",
            ),
        )
    parts = line.split(" ")
    if len(line) > LONGEST or len(parts) < 2:
        raise _not_a_key()
    kind, blob = parts[0], _decoded(parts[1])
    if blob[4 : 4 + len(kind)] != kind.encode() or int.from_bytes(blob[:4], "big") != len(kind):
        raise _not_a_key()
    bits = _rsa_bits(kind, parts[1]) if kind in (*STRONG, "ssh-rsa") else None
    if kind not in STRONG and (bits is None or bits < LEAST_RSA_BITS):
        raise _wrong(
            Text("안전하지 않은 종류이거나 길이가 짧은 키입니다.", "This kind of key is not safe, or it is too short."),
            Text(
                f"ssh-keygen -t ed25519로 새 키를 만들거나 {LEAST_RSA_BITS}비트 이상의 RSA 키를 써 주십시오.",
                f"Make a new one with ssh-keygen -t ed25519, or use RSA of at least {LEAST_RSA_BITS} bits.",
            ),
        )
    if any(part in (*STRONG, "ssh-rsa") for part in parts[2:]):
        raise _wrong(
            Text("키가 둘 이상입니다. 저장하지 않았습니다.", "There is more than one key. None was kept."),
            Text("한 번에 하나씩 넣어 주십시오.", "Add one at a time."),
        )
    fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return PublicKey(f"{kind} {parts[1]}", kind, bits, f"SHA256:{fingerprint}")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _not_a_key() from error


def _rsa_bits(kind: str, encoded: str) -> int | None:
    """The length of an RSA key, None of other kinds. Raises InvalidInput for numbers that are no key of this kind."""
    try:
        key = load_ssh_public_key(f"{kind} {encoded}".encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_a_key() from error
    return key.key_size if isinstance(key, RSAPublicKey) else None


def _not_a_key() -> InvalidInput:
    return _wrong(
        Text("SSH 공개 키가 아닙니다.", "This is not an SSH public key."),
        Text(
            "이름이 .pub로 끝나는 파일의 내용을 한 줄 그대로 붙여 넣어 주십시오.",
            "Paste the one line of the file whose name ends in .pub.",
        ),
    )


def _wrong(what: Text, remedy: Text) -> InvalidInput:
    return InvalidInput(Mistake("public_key", what, remedy), internal=f"ssh key refused: {what.en}")
