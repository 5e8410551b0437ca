"""What a reviewer has to do: proposals to score, by call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dure.core.text import Text
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries as reviews
from dure.portal.site.tasks.task import Task


def tasks(actor: Actor, now: datetime) -> Iterator[Task]:
    """One task for each call with proposals still to score."""
    if not actor.is_reviewer:
        return
    open_calls: dict[str, list[reviews.AssignmentView]] = {}
    done: dict[str, int] = {}
    for assignment in reviews.assignments(actor):
        if assignment.is_done:
            done[assignment.call_code] = done.get(assignment.call_code, 0) + 1
        else:
            open_calls.setdefault(assignment.call_code, []).append(assignment)
    for meeting in reviews.my_meetings(actor):
        place = Text(f"{meeting.call_code}, {meeting.place}", f"{meeting.call_code}, {meeting.place}")
        title = Text("평가위원회 회의에 참석하십시오", "Take part in the panel meeting")
        yield Task(title, place, f"/reviews/meetings/{meeting.id}/", due=meeting.starts_at)
    for code, waiting in open_calls.items():
        call = calls.call(code, actor)
        if call.state != "reviewing":
            continue
        finished = done.get(code, 0)
        yield Task(
            Text(f"제안서 {len(waiting)}건을 평가하십시오", f"Score {len(waiting)} proposals"),
            Text(
                f"{call.title.ko}. {finished + len(waiting)}건 가운데 {finished}건을 마치셨습니다.",
                f"{call.title.en}. {finished} of {finished + len(waiting)} are done.",
            ),
            "/reviews/mine/",
            due=min(assignment.due_at for assignment in waiting),
        )
