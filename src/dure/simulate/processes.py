"""The processes of a demo: server, loops, agents. One that dies is started again; all end with their parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RESTART_AFTER_SECONDS = 0.5
END_WITHIN_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running: `dure` with these arguments, its output in `log`."""

    name: str
    arguments: Sequence[str]
    log: Path


class Supervisor:
    """Keeps programs running, a process each, until `stop`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._programs: dict[str, Program] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self.restarts = 0

    def start(self, program: Program) -> None:
        """Start a program and keep it running."""
        with self._lock:
            self._programs[program.name] = program
            self._running[program.name] = self._spawn(program)
        if not self._watcher.is_alive():
            self._watcher.start()

    def pids(self) -> dict[str, int]:
        """Process ids by program name, for the test that kills them."""
        with self._lock:
            return {name: process.pid for name, process in self._running.items()}

    def stop(self) -> None:
        """End every program: asked first, then killed."""
        self._stopping.set()
        with self._lock:
            processes = list(self._running.values())
        for process in processes:
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + END_WITHIN_SECONDS
        for process in processes:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dure.cli", *program.arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(),
                start_new_session=True,  # a group of its own, so that a server's workers end with it
            )

    def _watch(self) -> None:
        while not self._stopping.wait(RESTART_AFTER_SECONDS):
            with self._lock:
                for name, process in list(self._running.items()):
                    if process.poll() is not None and not self._stopping.is_set():
                        _signal_group(process, signal.SIGKILL)  # workers that outlived their killed parent
                        self._running[name] = self._spawn(self._programs[name])
                        self.restarts += 1


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def end_with_parent(number: int = signal.SIGTERM) -> Callable[[], None] | None:
    """On Linux a child gets this signal when its parent dies, so that a killed demo leaves nothing running."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)

    return arrange
