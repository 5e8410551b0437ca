"""Receiving use, each window exactly once, and storing it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.metering import store
from dure.metering.hours import HourUse
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.journal import operations as journal
from dure.portal.usage.models import StoredHours, Window
from dure.portal.usage.queries import directory
from dure.protocol.answers import Outcome, Receipt
from dure.protocol.usage import UsagePost, UsageRow, UsageWindow
from dure.protocol.wire import WINDOW_SECONDS

WINDOWS_PER_FILE = 2000
FILES_MERGED = 24
TIERS = (20_000, 500_000)
"""Files below so many rows are merged once there are `FILES_MERGED` of a tier: each row is moved a few times only."""
ORPHANED_AFTER = 3600  # seconds by which the newest file is younger than one that no row speaks of
MOST_WATTS_PER_GPU = 5000  # with its share of the server: several times what any accelerator of today draws
_MORE_THAN_THERE_IS = Text(
    "이 클러스터가 한 시간에 쓸 수 있는 양({most})을 넘습니다. 에이전트의 측정 설정을 확인해 주십시오.",
    "More than this cluster can use in an hour ({most}). Check how the agent measures.",
)


def receive(*, now: datetime, post: UsagePost) -> list[Receipt]:
    """Take in windows: what is answered `accepted` is committed, exactly once, however often it is sent.

    A window known with the same content is a `duplicate`, with other content a `conflict`; neither changes anything.
    Raises Stale for an agent that has been replaced, InvalidInput (and keeps nothing) for an hour not yet over or one
    in which more was used than the cluster has.
    """
    early = [index for index, window in enumerate(post.windows) if window.end > now]
    if early:
        what = Text("아직 끝나지 않은 시간대의 기록입니다.", "This hour is not over yet.")
        raise InvalidInput([Mistake(f"windows.{index}.end", what) for index in early])
    if beyond := _beyond(post):
        raise InvalidInput(beyond)
    digests = [window.digest() for window in post.windows]
    with transaction.atomic():
        fleet.hold_lease(cluster=post.cluster, instance=post.instance, epoch=post.epoch)
        outcomes = _keep(now, post, digests)
    return [
        Receipt(key=window.key, outcome=outcome, digest=digest)
        for window, outcome, digest in zip(post.windows, outcomes, digests, strict=True)
    ]


def _beyond(post: UsagePost) -> list[Mistake]:
    """What no hour of this cluster can hold; each window once."""
    view = fleet_queries.cluster(post.cluster)
    most = view.nodes * view.gpus_per_node * WINDOW_SECONDS
    found = []
    for index, window in enumerate(post.windows):
        limits = {
            "allocated_gpu_seconds": (sum(row.allocated_gpu_seconds for row in window.rows), most),
            "running_gpu_seconds": (max((row.running_gpu_seconds for row in window.rows), default=0), 2 * most),
            "energy_joules": (sum(row.energy_joules for row in window.rows), most * MOST_WATTS_PER_GPU),
        }
        found += [
            Mistake(f"windows.{index}.{name}", _MORE_THAN_THERE_IS.format(most=limit))
            for name, (said, limit) in limits.items()
            if said > limit
        ]
    return found[:20]


def _keep(now: datetime, post: UsagePost, digests: Sequence[str]) -> list[Outcome]:
    cluster_id = fleet_queries.cluster_id(post.cluster)
    starts = {window.start for window in post.windows}
    known = {
        (start, revision): digest
        for start, revision, digest in Window.objects.filter(cluster_id=cluster_id, start_at__in=starts).values_list(
            "start_at", "revision", "hash"
        )
    }
    outcomes: list[Outcome] = []
    new: list[Window] = []
    for window, digest in zip(post.windows, digests, strict=True):
        there = known.get((window.start, window.revision))
        if there is None:
            known[window.start, window.revision] = digest
            new.append(_row(cluster_id, window, digest, now))
        outcomes.append("accepted" if there is None else "duplicate" if there == digest else "conflict")
    if new:
        Window.objects.bulk_create(new)
    conflicts = outcomes.count("conflict")
    if new or conflicts:
        detail = {"accepted": len(new), "conflicts": conflicts}
        subject, actor = f"cluster:{post.cluster}", f"agent:{post.cluster}"
        journal.append(at=now, actor=actor, event="usage.receive", subject=subject, **detail)
    return outcomes


def _row(cluster_id: int, window: UsageWindow, digest: str, now: datetime) -> Window:
    return Window(
        cluster_id=cluster_id,
        start_at=window.start,
        end_at=window.end,
        revision=window.revision,
        hash=digest,
        document=window.model_dump_json(exclude_defaults=True),
        received_at=now,
    )


def store_pending(*, now: datetime) -> int:
    """Put windows that wait into one new file of hours; returns how many windows.

    First the file, complete and synced, under a name made of its content; then, in one transaction, its row and the
    windows' mark. A kill between the two leaves a file nobody lists, and the next run writes the same one again.
    """
    rows = list(
        Window.objects.filter(stored=None).select_related("cluster").order_by("id").defer("hash")[:WINDOWS_PER_FILE]
    )
    if not rows:
        return 0
    uses = [use for row in rows for use in _uses(UsageWindow.model_validate_json(row.document))]
    written = store.write(directory(), uses)
    path = os.path.relpath(written.path, Path(settings.ENV.home))
    with transaction.atomic():
        kept, _ = StoredHours.objects.get_or_create(
            path=path, defaults={"sha256": written.sha256, "row_count": written.rows, "written_at": now}
        )
        ids = [row.pk for row in rows]
        marked = Window.objects.filter(pk__in=ids, stored=None).update(stored=kept)
        if marked != len(ids):  # another process stored some of them meanwhile: leave all as it is
            transaction.set_rollback(True)
            return 0
        detail = {"sha256": written.sha256, "rows": written.rows, "windows": len(ids)}
        journal.append(at=now, actor="loop:meter", event="usage.store", subject=f"file:{path}", **detail)
    return len(rows)


def compact(*, now: datetime) -> int:
    """Merge small files of hours into one; returns how many. Idle turns only read.

    First the merged file, under a name made of its content; then, in one transaction, its row in place of theirs. A
    kill between the two leaves a file nobody lists, and the next run writes the same one again. Only the meter loop
    may call this. Raises InvalidInput when a file is not what was written: nothing is then merged.
    """
    batch = _small_files()
    if not batch:
        return 0
    home = Path(settings.ENV.home)
    damaged = [row.path for row in batch if not store.verify(store.Written(home / row.path, row.sha256, 0))]
    if damaged:
        what = Text("사용량 파일이 없거나 손상되었습니다.", "A file of usage is missing or damaged.")
        remedy = Text("백업에서 되살려 주십시오.", "Restore it from a backup.")
        raise InvalidInput([Mistake(path, what, remedy) for path in damaged])
    _sweep(home)
    merged = store.merge(directory(), [home / row.path for row in batch])
    path = os.path.relpath(merged.path, home)
    with transaction.atomic():
        kept = StoredHours.objects.create(path=path, sha256=merged.sha256, row_count=merged.rows, written_at=now)
        ids = [row.pk for row in batch]
        Window.objects.filter(stored_id__in=ids).update(stored=kept)
        StoredHours.objects.filter(pk__in=ids).update(superseded_at=now)
        detail = {"sha256": merged.sha256, "rows": merged.rows, "files": len(ids)}
        journal.append(at=now, actor="loop:meter", event="usage.compact", subject=f"file:{path}", **detail)
    return len(batch)


def _small_files() -> list[StoredHours]:
    """The oldest files of the first tier that has enough of them."""
    least = 0
    for most in TIERS:
        rows = StoredHours.objects.filter(superseded_at=None, row_count__gte=least, row_count__lt=most).order_by("id")
        batch = list(rows[:FILES_MERGED])
        if len(batch) == FILES_MERGED:
            return batch
        least = most
    return []


def _sweep(home: Path) -> None:
    """Remove files nobody reads any more: superseded before the last merge, or left by a kill and never listed.

    Those of the last merge stay until the next, for readers who listed them. No clock is read: a file without a row is
    an orphan once a file an hour younger has been written.
    """
    last = StoredHours.objects.aggregate(last=Max("superseded_at"))["last"]
    superseded = dict(StoredHours.objects.values_list("path", "superseded_at"))
    written = {path: path.stat().st_mtime for path in directory().iterdir() if path.is_file()}
    newest = max(written.values(), default=0.0)
    for path, at in written.items():
        name = os.path.relpath(path, home)
        replaced_at = superseded.get(name)
        is_orphan = name not in superseded and newest - at >= ORPHANED_AFTER
        if is_orphan or (replaced_at is not None and last is not None and replaced_at < last):
            path.unlink()


def _uses(window: UsageWindow) -> list[HourUse]:
    said = [_hour(window, row) for row in window.rows]
    return said or [HourUse(window.cluster, window.start, window.revision, "")]


def _hour(window: UsageWindow, row: UsageRow) -> HourUse:
    return HourUse(cluster=window.cluster, start=window.start, revision=window.revision, **row.model_dump())
