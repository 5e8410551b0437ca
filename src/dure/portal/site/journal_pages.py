"""The journal for those who audit: filter, head hash, verification, download."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dure.core.text import Text
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import role_required
from dure.portal.journal import queries as journal

JOURNAL = Text("기록", "Journal")


@role_required("auditor", "programme_manager")
def entries(request: HttpRequest) -> HttpResponse:
    """Everything that was done, newest first; `?verify=1` checks the whole chain."""
    query = request.GET
    rows = journal.search(
        text=query.get("q", ""),
        chapter=query.get("chapter", ""),
        since=query.get("since", ""),
        until=query.get("until", ""),
    )
    if (form := query.get("format", "")) in ("csv", "xlsx"):
        header = ["seq", "at", "actor", "event", "subject", "reason", "hash"]
        cells = ([e.seq, e.at, e.actor, e.event, e.subject, e.reason, e.hash] for e in rows.iterator(chunk_size=2000))
        return export("journal", form, header, cells)
    count, head = journal.head()
    checked = bool(query.get("verify"))
    context = {
        "page": paged(rows, query.get("page"), journal.entry_view),
        "count": count,
        "head": head,
        "checked": checked,
        "broken": journal.verify() if checked else None,
        "chapters": journal.chapters(),
        "exports": True,
        "crumbs": [(JOURNAL, "")],
    }
    return render(request, "site_pages/journal.html", context)
