"""The plan loop: solves queued plans, seals the accepted one, works out how firm plans are; one at a time, in a child
process, with no transaction open."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from dure.core import canonical
from dure.decide.planning import signature
from dure.portal.clock.queries import wall
from dure.portal.framework import programme
from dure.portal.loops import leases
from dure.portal.loops.holder import holder_name
from dure.portal.people.actor import system
from dure.portal.plans import operations, queries, ranking, signing

ACTOR = system("loop:plan")
LEASE = "plan"
LOOK_EVERY_SECONDS = 0.5
STALE_SECONDS = 24 * 3600

Note = Callable[[dict[str, Any] | None], bool]


def run(now: datetime) -> int:
    """Solve the oldest queued plan; with none, seal an accepted one; else work out a stability run. 1 when one was
    taken up.

    Only the holder of the lease works, so what is found in state `solving` or `running` here belongs to a process that
    died.
    """
    if not queries.is_any_waiting():
        return 0
    operations.requeue_orphans(actor=ACTOR, now=now)
    folder = Path(tempfile.mkdtemp(dir=_room()))
    try:
        return _work(folder, now)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _room() -> Path:
    """Where the folders of this loop lie, without those a killed process left a day ago."""
    room: Path = settings.ENV.home / "solving"
    room.mkdir(parents=True, exist_ok=True)
    for left in room.iterdir():
        if left.stat().st_mtime < wall().timestamp() - STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    return room


def _work(folder: Path, now: datetime) -> int:
    plan_id = operations.start(actor=ACTOR, now=now)
    if plan_id is not None:
        _solve(plan_id, folder, now)
        return 1
    plan_id = queries.unsealed()
    if plan_id is not None:
        _seal(plan_id, folder, now)
        return 1
    run_id = operations.start_stability(actor=ACTOR, now=now)
    if run_id is None:
        return 0
    _stability(run_id, folder, now)
    return 1


def _solve(plan_id: int, folder: Path, now: datetime) -> None:
    document = queries.problem_document(plan_id)
    (folder / "problem.json").write_bytes(document)

    def note(progress: dict[str, Any] | None) -> bool:
        if progress is None:
            return queries.is_solving(plan_id)
        return operations.note_progress(plan_id=plan_id, **progress)

    failure = _child(folder, ["solve", *queries.solving_arguments(plan_id)], note)
    if failure is None:
        return
    if failure:
        named = folder / "conflicts.json"
        conflicts = json.loads(named.read_bytes()) if named.exists() else ()
        operations.fail(actor=ACTOR, now=now, plan_id=plan_id, reason=failure, conflicts=conflicts)
        return
    _keep(plan_id, folder, document, now)


def _seal(plan_id: int, folder: Path, now: datetime) -> None:
    problem = queries.problem_document(plan_id)
    (folder / "problem.json").write_bytes(problem)
    (folder / "plan.json").write_bytes(queries.plan_document(plan_id))
    text = programme.current_text().encode()
    if json.loads(problem)["programme"] == canonical.digest(text):
        (folder / "programme.yaml").write_bytes(text)
    failure = _child(folder, ["seal"], lambda progress: True)
    if failure is None:
        return
    if failure:
        operations.fail_seal(actor=ACTOR, now=now, plan_id=plan_id, reason=failure)
        return
    sealed, key = (folder / "sealed.zip").read_bytes(), signing.private_key()
    signed, public = signature.sign(sealed, key), signature.public_key(key)
    operations.keep_seal(actor=ACTOR, now=now, plan_id=plan_id, document=sealed, signature=signed, public_key=public)


def _stability(run_id: int, folder: Path, now: datetime) -> None:
    plan_id, runs = queries.run_of(run_id)
    (folder / "problem.json").write_bytes(queries.problem_document(plan_id))

    def note(progress: dict[str, Any] | None) -> bool:
        if progress is None:
            return queries.is_running(run_id)
        return operations.note_stability(run_id=run_id, done=progress["done"])

    rule, delta = queries.solving_arguments(plan_id)[:2]
    failure = _child(folder, ["stability", rule, delta, str(runs)], note)
    if failure is None:
        return
    if failure:
        operations.fail_stability(actor=ACTOR, now=now, run_id=run_id, reason=failure)
        return
    found = json.loads((folder / "stability.json").read_bytes())
    operations.finish_stability(actor=ACTOR, now=now, run_id=run_id, funded=found["funded"], runs=found["runs"])


def _child(folder: Path, arguments: list[str], note: Note) -> str | None:
    """Run the solving process: "" when it did its work, the last line of what it complained when it failed, None when
    it was no longer wanted."""
    with (folder / "errors").open("wb") as errors:
        command = [sys.executable, "-m", "dure.portal.loops.solving", arguments[0], str(folder), *arguments[1:]]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL)
        if not _attend(child, note):
            return None
    if child.returncode == 0:
        return ""
    said = (folder / "errors").read_text(errors="replace").strip().splitlines()
    return said[-1] if said else f"exit status {child.returncode}"


def _attend(child: subprocess.Popen[bytes], note: Note) -> bool:
    """Watch the child until it ends: progress kept, lease renewed. Kills it and answers False when what it does was
    cancelled or the lease lost."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(child, lines), daemon=True)
    reader.start()
    try:
        while child.poll() is None:
            if not (leases.take(LEASE, holder_name()) and note(_newest(lines))):
                return False
            try:
                child.wait(LOOK_EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        return leases.take(LEASE, holder_name()) and note(None)
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


def _keep(plan_id: int, folder: Path, document: bytes, now: datetime) -> None:
    """Keep what the child found, if its problem is still the one that was solved."""
    plan, audit, explanation, measures = (
        json.loads((folder / name).read_bytes())
        for name in ("plan.json", "audit.json", "explanation.json", "measures.json")
    )
    if canonical.digest(queries.problem_document(plan_id)) != canonical.digest(document):
        return
    audit["rules"] = explanation["rules"]
    ranks = ranking.ranks(queries.call_of(plan_id), json.loads(document), plan, explanation)
    operations.finish(
        actor=ACTOR,
        now=now,
        plan_id=plan_id,
        document=(folder / "plan.json").read_bytes(),
        audit=audit,
        ranks=ranks,
        measures=measures,
    )
