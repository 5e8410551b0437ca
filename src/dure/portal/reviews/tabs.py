"""The tabs of a call's review, for the programme."""

from __future__ import annotations

from typing import Any

from dure.core.text import Text

PANEL = (Text("평가 현황", "Reviews"), "/reviews/panel/")
_TABS = {
    "progress": (Text("진행", "Progress"), ""),
    "seats": (Text("배정", "Assignments"), "seats/"),
    "scores": (Text("점수", "Scores"), "scores/"),
    "conflicts": (Text("이해관계", "Conflicts"), "conflicts/"),
    "feasibility": (Text("기술 검토", "Technical checks"), "feasibility/"),
    "interviews": (Text("면담", "Interviews"), "interviews/"),
    "meetings": (Text("회의", "Meetings"), "meetings/"),
    "upkeep": (Text("알림과 교체", "Reminders"), "upkeep/"),
}


def tabs(code: str, current: str) -> dict[str, Any]:
    """Tabs and crumbs of a page of the call's review."""
    shown = [
        {"label": label, "url": f"/reviews/panel/{code}/{tail}", "current": name == current}
        for name, (label, tail) in _TABS.items()
    ]
    return {"tabs": shown, "crumbs": [PANEL, (code, "")]}
