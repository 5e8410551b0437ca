"""The plan loop: solves queued plans, one at a time, in a child process, with no transaction open."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from dure.core import canonical
from dure.portal.loops import leases
from dure.portal.loops.holder import holder_name
from dure.portal.people.actor import system
from dure.portal.plans import operations, queries, ranking

ACTOR = system("loop:plan")
LEASE = "plan"
LOOK_EVERY_SECONDS = 0.5


def run(now: datetime) -> int:
    """Solve the oldest queued plan, if any; 1 when one was taken up.

    Only the holder of the lease solves, so a plan found in state `solving` here belongs to a process that died.
    """
    if not queries.is_any_waiting():
        return 0
    operations.requeue_orphans(actor=ACTOR, now=now)
    plan_id = operations.start(actor=ACTOR, now=now)
    if plan_id is None:
        return 0
    folder = Path(tempfile.mkdtemp(prefix="dure-plan-"))
    try:
        _solve(plan_id, folder, now)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1


def _solve(plan_id: int, folder: Path, now: datetime) -> None:
    document = queries.problem_document(plan_id)
    (folder / "problem.json").write_bytes(document)
    arguments = queries.solving_arguments(plan_id)
    with (folder / "errors").open("wb") as errors:
        command = [sys.executable, "-m", "dure.portal.loops.solving", str(folder), *arguments]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL)
        is_kept = _attend(child, plan_id)
    if not is_kept:
        return
    if child.returncode != 0:
        said = (folder / "errors").read_text(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"exit status {child.returncode}"
        operations.fail(actor=ACTOR, now=now, plan_id=plan_id, reason=reason)
        return
    _keep(plan_id, folder, document, now)


def _attend(child: subprocess.Popen[bytes], plan_id: int) -> bool:
    """Watch the child until it ends: progress kept, lease renewed. Kills it and answers False when the plan was
    cancelled or the lease lost."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(child, lines), daemon=True)
    reader.start()
    try:
        while child.poll() is None:
            if not (leases.take(LEASE, holder_name()) and _note(plan_id, _newest(lines))):
                return False
            try:
                child.wait(LOOK_EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        return leases.take(LEASE, holder_name())
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        reader.join()


def _read(child: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    if child.stdout is not None:
        for line in child.stdout:
            lines.put(line)


def _newest(lines: queue.SimpleQueue[bytes]) -> dict[str, Any] | None:
    newest = None
    while not lines.empty():
        newest = lines.get()
    return json.loads(newest) if newest else None


def _note(plan_id: int, progress: dict[str, Any] | None) -> bool:
    if progress is None:
        return queries.is_solving(plan_id)
    return operations.note_progress(plan_id=plan_id, **progress)


def _keep(plan_id: int, folder: Path, document: bytes, now: datetime) -> None:
    """Keep what the child found, if the plan is still wanted and its problem is still the one that was solved."""
    plan = (folder / "plan.json").read_bytes()
    audit = json.loads((folder / "audit.json").read_bytes())
    explanation = json.loads((folder / "explanation.json").read_bytes())
    if canonical.digest(queries.problem_document(plan_id)) != canonical.digest(document):
        return
    audit["rules"] = explanation["rules"]
    ranks = ranking.ranks(queries.call_of(plan_id), json.loads(document), json.loads(plan), explanation)
    operations.finish(actor=ACTOR, now=now, plan_id=plan_id, document=plan, audit=audit, ranks=ranks)
