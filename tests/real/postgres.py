"""A PostgreSQL server of the tests' own, on a socket in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OPTIONS = "-c listen_addresses='' -c unix_socket_directories={folder}"
FORGETFUL = " -c fsync=off -c synchronous_commit=off"


def programs() -> Path:
    """The folder of initdb and pg_ctl. Raises FileNotFoundError saying what to install."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    local = shutil.which("initdb")
    if found:
        return found[-1].parent
    if local:
        return Path(local).resolve().parent
    raise FileNotFoundError("PostgreSQL's initdb; run tests/install-packages.sh")


@contextmanager
def server(*, is_durable: bool = False) -> Iterator[str]:
    """Start a server and give the URL of its database `dure`; everything is gone afterwards.

    Unless `is_durable`, commits do not wait for the disk, which suits tests and no measurement.
    PostgreSQL refuses to run as root, so root's tests run it as the user postgres (or nobody).
    """
    where = programs()
    folder = Path(tempfile.mkdtemp(prefix="dure-pg-"))
    folder.chmod(0o755)
    before: list[str] = []
    if os.geteuid() == 0:
        user = next(name for name in ("postgres", "nobody") if _exists(name))
        shutil.chown(folder, user)
        before = ["runuser", "-u", user, "--"]

    def run(program: str, *arguments: str) -> None:
        subprocess.run([*before, str(where / program), *arguments], cwd="/", check=True, capture_output=True)

    run("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "dure", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    options = OPTIONS.format(folder=folder) + ("" if is_durable else FORGETFUL)
    run("pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        run("createdb", "-h", str(folder), "-U", "dure", "dure")
        yield f"postgresql://dure@/dure?host={folder}"
    finally:
        run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
