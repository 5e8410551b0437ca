"""Which SSH public keys are let in."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.core.errors import InvalidInput
from dure.decide import ssh_keys


def line(kind: str, *parts: bytes) -> str:
    blob = b"".join(len(p).to_bytes(4, "big") + p for p in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(blob).decode()} me@here"


def rsa(bits: int) -> str:
    modulus = (1 << (bits - 1) | 1).to_bytes(bits // 8 + 1, "big")
    return line("ssh-rsa", b"\x01\x00\x01", modulus)


ED25519 = line("ssh-ed25519", bytes(range(32)))


def test_a_strong_key_is_kept_without_its_comment() -> None:
    key = ssh_keys.read(f"  {ED25519}\n")
    assert key.line == ED25519.rsplit(" ", 1)[0] and key.kind == "ssh-ed25519" and key.bits is None


def test_the_fingerprint_is_what_ssh_keygen_prints() -> None:
    # `ssh-keygen -lf` of this key prints the same.
    known = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    assert ssh_keys.read(ED25519).line == known
    assert ssh_keys.read(known).fingerprint.startswith("SHA256:") and len(ssh_keys.read(known).fingerprint) == 50


@pytest.mark.parametrize("bits", [3072, 4096])
def test_long_rsa_is_strong(bits: int) -> None:
    assert ssh_keys.read(rsa(bits)).bits == bits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "ssh-ed25519",
        "ssh-ed25519 not-base64!",
        rsa(2048),
        line("ssh-dss", b"p", b"q", b"g", b"y"),
        line("ssh-ed25519", bytes(32)).replace("ssh-ed25519", "ssh-rsa", 1),
        "ssh-ed25519 " + base64.b64encode(b"\x00\x00\x00\xffssh").decode(),
        'command="sh" ' + ED25519,
        ED25519 + "\n" + ED25519,
        line("ssh-ed25519", bytes(31)),
        line("ssh-ed25519", bytes(32), b"more"),
        line("ecdsa-sha2-nistp256", b"nistp521", b"\x04" + bytes(64)),
        line("ecdsa-sha2-nistp256", b"nistp256", b"\x04" + b"a" * 64),  # no point of the curve
        line("sk-ssh-ed25519@openssh.com", bytes(5), b"ssh:"),
        line("ssh-rsa", b"\x01", b"\x00" + b"\xff" * 512),  # an exponent of 1 signs nothing
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
        "ssh-rsa " + "A" * 5000,
    ],
)
def test_everything_else_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ssh_keys.read(text)
    assert refused.value.mistakes[0].where == "public_key"


def test_a_private_key_is_never_repeated_in_the_refusal() -> None:
    secret = "-----BEGIN RSA PRIVATE KEY-----\nMIIEsecret\n"
    with pytest.raises(InvalidInput) as refused:
        ssh_keys.read(secret)
    assert "MIIE" not in str(refused.value) + refused.value.public.ko + refused.value.internal


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        ssh_keys.read(text)


@given(st.sampled_from(ssh_keys.STRONG), st.binary(max_size=200))
def test_no_blob_breaks_it(kind: str, blob: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        ssh_keys.read(f"{kind} {base64.b64encode(blob).decode()}")
