"""Pages of the import and export of a call: template, preview by cell, taking over, everything as a ZIP."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.portal.calls import queries as calls
from dure.portal.framework.pages import add_mistakes, limited, role_required
from dure.portal.site.importing import giving, uploads
from dure.portal.site.importing.sheets import LARGEST_BYTES, SHEETS, TITLES, Column
from dure.portal.site.importing.taking import Outcome, preview, take_over
from dure.portal.site.importing.uploads import Upload

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_SHOWN = 200  # mistakes on one page; the rest is counted


class UploadForm(forms.Form):
    """The file to look at."""

    file = forms.FileField(
        label=gettext_lazy("가져올 파일"),
        help_text=gettext_lazy("XLSX, CSV, 또는 CSV를 묶은 ZIP. 20MB까지"),
        error_messages={"required": gettext_lazy("파일을 고르지 않았습니다. 가져올 파일을 골라 주십시오.")},
    )


@role_required("programme_manager")
@limited(60, 10)
def bring(request: HttpRequest, code: str) -> HttpResponse:
    """Upload the tables of a call and see what would happen, cell by cell; nothing is written here."""
    call = calls.call(code, request.actor)
    form = UploadForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    context: dict[str, Any] = {"form": form, "call": call, "sheets": _sheets(), "crumbs": _crumbs(code)}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            if file.size > LARGEST_BYTES:
                what = Text("파일이 20MB를 넘습니다.", "The file is larger than 20 MB.")
                raise InvalidInput(Mistake("file", what, Text("나누어 주십시오.", "Split it.")))
            upload = Upload(file.name, file.read())
            outcome = uploads.looked_at(request.actor, request.now, code, upload, preview)
            context |= _shown(outcome) | {"name": upload.name}
            if outcome.is_right:
                context["token"] = uploads.keep(request.actor, code, upload)
        except InvalidInput as error:
            add_mistakes(form, error)
    wrong = form.errors or context.get("cells")
    return render(request, "site_pages/import.html", context, status=422 if wrong else 200)


@require_POST
@role_required("programme_manager")
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    """Take over the file that was just looked at."""
    upload = uploads.kept(request.actor, code, request.POST.get("token", ""))
    outcome = uploads.looked_at(request.actor, request.now, code, upload, take_over)
    if not outcome.is_right:
        context = {
            "form": UploadForm(),
            "call": calls.call(code, request.actor),
            "sheets": _sheets(),
            "name": upload.name,
        }
        return render(
            request, "site_pages/import.html", context | _shown(outcome) | {"crumbs": _crumbs(code)}, status=422
        )
    messages.success(request, _("가져왔습니다."))
    return redirect(f"/applications/?call={code}")


@require_GET
@role_required("programme_manager")
def template(request: HttpRequest, code: str) -> HttpResponse:
    """The table to fill in, with this call's own questions and criteria as columns."""
    content = giving.template(calls.call(code, request.actor))
    return _file(content, XLSX, f"import-{code}.xlsx")


@require_GET
@role_required("programme_manager", "auditor")
def everything(request: HttpRequest, code: str) -> HttpResponse:
    """All of a call in one ZIP."""
    return _file(giving.everything(code, request.actor), "application/zip", f"call-{code}.zip")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "cells": outcome.mistakes[:MOST_SHOWN],
        "more": max(0, len(outcome.mistakes) - MOST_SHOWN),
    }


def _sheets() -> list[tuple[str, Text, tuple[Column, ...]]]:
    return [(name, TITLES[name], columns) for name, columns in SHEETS.items()]


def _crumbs(code: str) -> list[tuple[Any, str]]:
    return [(code, f"/calls/{code}/manage/"), (Text("가져오기", "Import"), "")]
