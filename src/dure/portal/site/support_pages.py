"""Pages of support requests: they cross chapters, for a question may carry files and may be about anything."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import SUPPORT
from dure.portal.allocations import queries as allocations
from dure.portal.files import operations as file_rows
from dure.portal.files import queries as files
from dure.portal.framework import programme
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import add_mistakes, limited, person_required
from dure.portal.messages import operations, queries
from dure.portal.people.actor import Actor

TITLE = Text("문의", "Help")
HEADER = ("id", "topic", "answerer", "asked_by", "title", "about", "state", "asked_at", "respond_by", "answered_at",
          "closed_at", "is_overdue")  # fmt: skip


class AskForm(forms.Form):
    """A question: topic, provider where one answers, text, files."""

    topic = forms.ChoiceField()
    provider = forms.ChoiceField(required=False)
    title = forms.CharField(max_length=200)
    text = forms.CharField(max_length=10_000, widget=forms.Textarea(attrs={"rows": 6}))
    about = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    file = forms.FileField(required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        language, current = get_language() or "ko", programme.current()
        topics = [(t.code, t.name.in_(language)) for t in current.support]
        self.fields["topic"].choices = topics or [("", _("그 밖의 문의"))]
        self.fields["topic"].required = bool(topics)
        own = {one.provider for one in allocations.mine(actor)} if actor.organisations else set()
        providers = sorted(current.providers, key=lambda one: one.code not in own)
        self.fields["provider"].choices = [("", _("해당 없음")), *((p.code, p.name.in_(language)) for p in providers)]
        if len(own) == 1:
            self.fields["provider"].initial = next(iter(own))
        for name, label, hint in (
            ("topic", _("무엇에 대한 문의입니까?"), ""),
            ("provider", _("사업자"), _("접속, 서버 장애, 사용 방법은 그 서버를 제공하는 사업자가 답합니다.")),
            ("title", _("제목"), ""),
            ("text", _("내용"), _("비밀번호나 개인키는 적지 마십시오.")),
            ("file", _("파일"), _("10MB까지.")),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint


class ReplyForm(forms.Form):
    """One more message in the thread."""

    text = forms.CharField(max_length=10_000, widget=forms.Textarea(attrs={"rows": 5}))
    file = forms.FileField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.fields["text"].label, self.fields["file"].label = _("내용"), _("파일")
        self.fields["file"].help_text = _("10MB까지.")


@require_GET
@person_required
def listing(request: HttpRequest) -> HttpResponse:
    """One's own questions, and those one answers or oversees: search, filters, files."""
    query = request.GET
    rows = queries.support_list(
        request.actor,
        state=query.get("state", ""),
        topic=query.get("topic", ""),
        text=query.get("q", "").strip(),
        overdue_at=request.now if query.get("overdue") else None,
    )
    if (form := query.get("format", "")) in ("csv", "xlsx"):
        return export("support", form, HEADER, (_cells(queries.support_view(row), request) for row in rows))

    def seen(row: Any) -> tuple[queries.SupportView, bool]:
        view = queries.support_view(row)
        return view, view.is_overdue(request.now)

    context = {
        "page": paged(rows, query.get("page"), seen),
        "exports": True,
        "topics": programme.current().support,
        "states": SUPPORT.states,
        "crumbs": [(TITLE, "")],
    }
    return render(request, "site_pages/support_list.html", context)


def _cells(view: queries.SupportView, request: HttpRequest) -> list[Any]:
    return [
        view.id,
        view.topic,
        view.answerer,
        view.asked_by.in_(get_language() or "ko"),
        view.title,
        view.about,
        view.state,
        view.asked_at,
        view.respond_by,
        view.answered_at or "",
        view.closed_at or "",
        view.is_overdue(request.now),
    ]


@person_required
@limited(20, 10)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask a question."""
    first = {name: request.GET[name] for name in ("topic", "provider", "about") if name in request.GET}
    form = AskForm(request.actor, request.POST or None, request.FILES or None, initial=first)
    if request.method == "POST" and form.is_valid():
        read = form.cleaned_data
        try:
            number = operations.ask_support(
                actor=request.actor,
                now=request.now,
                topic=read["topic"],
                provider=read["provider"],
                title=read["title"],
                text=read["text"],
                about=read["about"],
                file_ids=_stored(request, read["file"]),
            )
            messages.success(request, _("문의를 보냈습니다. 답변되면 메일로 알려 드립니다."))
            return redirect("support-show", number)
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {
        "form": form,
        "topics": programme.current().support,
        "crumbs": [(TITLE, "/support/"), (_("문의하기"), "")],
        "cancel_url": "/support/",
        "multipart": True,
    }
    return render(request, "site_pages/support_ask.html", context, status=422 if form.errors else 200)


@person_required
@limited(60, 10)
def show(request: HttpRequest, request_id: int) -> HttpResponse:
    """One question with its thread and its clock; a message added to it."""
    queries.support(request_id, request.actor)
    form = ReplyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        read = form.cleaned_data
        try:
            operations.reply_support(
                actor=request.actor,
                now=request.now,
                request_id=request_id,
                text=read["text"],
                file_ids=_stored(request, read["file"]),
            )
            messages.success(request, _("보냈습니다."))
            return redirect("support-show", request_id)
        except InvalidInput as error:
            add_mistakes(form, error)
    return _show_page(request, request_id, form)


def _show_page(request: HttpRequest, request_id: int, form: ReplyForm) -> HttpResponse:
    view = queries.support(request_id, request.actor)
    current = programme.current()
    attached = files.files(file_id for entry in view.entries for file_id in entry.file_ids)
    answers = queries.may_answer(request.actor, view.answerer)
    is_mine = view.asked_by_id == request.actor.user_id
    others = [(queries.PROGRAMME, queries.OFFICE), *((p.code, p.name) for p in current.providers)]
    context = {
        "view": view,
        "entries": [(entry, [attached[one] for one in entry.file_ids if one in attached]) for entry in view.entries],
        "form": form,
        "is_overdue": view.is_overdue(request.now),
        "is_mine": is_mine,
        "may_answer": answers and not is_mine,
        "may_write": answers or is_mine,
        "others": [(code, name) for code, name in others if code != view.answerer],
        "multipart": True,
        "crumbs": [(TITLE, "/support/"), (str(view.id), "")],
    }
    return render(request, "site_pages/support_show.html", context, status=422 if form.errors else 200)


@require_POST
@person_required
def close(request: HttpRequest, request_id: int) -> HttpResponse:
    """Close a question."""
    operations.close_support(actor=request.actor, now=request.now, request_id=request_id)
    messages.success(request, _("문의를 마쳤습니다. 이어서 물으면 다시 열립니다."))
    return redirect("support-show", request_id)


@require_POST
@person_required
def pass_on(request: HttpRequest, request_id: int) -> HttpResponse:
    """Let somebody else answer."""
    try:
        operations.pass_on(
            actor=request.actor,
            now=request.now,
            request_id=request_id,
            to=request.POST.get("to", ""),
            reason=request.POST.get("reason", ""),
        )
        messages.success(request, _("문의를 넘겼습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(get_language() or "ko"))
    # Whoever passed it on may be one who can no longer see it.
    try:
        queries.support(request_id, request.actor)
    except NotFound:
        return redirect("support-list")
    return redirect("support-show", request_id)


@require_GET
@person_required
def file(request: HttpRequest, request_id: int, file_id: int) -> HttpResponseBase:
    """A file of the thread, for everybody who may read the thread."""
    view = queries.support(request_id, request.actor)
    if file_id not in {one for entry in view.entries for one in entry.file_ids}:
        raise NotFound(internal=f"file {file_id} is not of support request {request_id}")
    stored = files.files([file_id])[file_id]
    return FileResponse(
        files.path_of(stored.sha256).open("rb"), as_attachment=True, filename=stored.name,
        content_type=stored.media_type,
    )  # fmt: skip


def _stored(request: HttpRequest, upload: Any) -> list[int]:
    """The upload kept, as its id; nothing for none."""
    if not upload:
        return []
    kept = file_rows.store(
        actor=request.actor, now=request.now, content=upload.read(), name=upload.name, purpose="support"
    )
    return [kept]
