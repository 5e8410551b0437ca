"""The outer half of the Slurm demo: namespaces that end with their parent, and a door from this machine into them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from dure.simulate.processes import end_with_parent
from dure.simulate.slurm_fleet import CLOCK_LIBRARY, DAEMONS, SCRIPT

PATHS = "/usr/sbin:/usr/bin:/sbin:/bin"


def missing() -> list[str]:
    """What this machine lacks."""
    lacking = [name for name in (*DAEMONS, "sbatch", "unshare", "ip") if shutil.which(name, path=PATHS) is None]
    if not Path(CLOCK_LIBRARY).exists():
        lacking.append("faketime")
    if os.geteuid() != 0:
        lacking.append("root (for namespaces of its own)")
    return lacking


def run(folder: Path, port: int, *, serve: bool) -> int:
    """Run the demo inside; its exit status. With `serve`, connections to `port` of this machine are let in."""
    inner = [sys.executable, "-m", "dure.simulate.slurm_demo", "--inside", str(folder), "--port", str(port)]
    with socket.socket() as door:
        passed: tuple[int, ...] = ()
        if serve:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(("127.0.0.1", port))
            door.listen()
            passed = (door.fileno(),)
            inner += ["--door", str(door.fileno())]
        environment = {**os.environ, "LAB": str(folder), "LABUSERS": ""}
        inside = subprocess.Popen(
            [str(SCRIPT), "ns", *inner], env=environment, pass_fds=passed, preexec_fn=end_with_parent(signal.SIGKILL)
        )
    try:
        return inside.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        inside.kill()  # the namespaces' first process; everything in them dies with it
        inside.wait()


def let_in(door: int, port: int) -> None:
    """Pass every connection made at the inherited socket `door` on to `port` in here, for as long as the process lives.

    A socket belongs to the network it was made in, so one made outside still listens there.
    """
    listening = socket.socket(fileno=door)
    while True:
        outside, _ = listening.accept()
        inside = socket.create_connection(("127.0.0.1", port))
        for source, target in ((outside, inside), (inside, outside)):
            threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65_536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # either side has gone: the connection is over
        source.close()
        target.close()
