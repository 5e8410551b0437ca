"""What a programme manager types to compose a call; the operations decide what is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from dure.core.period import Month
from dure.core.text import Text
from dure.decide.questions import Kind, Question
from dure.portal.calls import terms
from dure.portal.calls.forms import AT, language
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes

KINDS: dict[Kind, Text] = {
    "text": Text("짧은 글", "Short text"),
    "long_text": Text("긴 글", "Long text"),
    "number": Text("정수", "Whole number"),
    "choice": Text("하나 고르기", "Choose one"),
    "choices": Text("여럿 고르기", "Choose several"),
    "yes_no": Text("예·아니요", "Yes or no"),
    "date": Text("날짜", "Date"),
}
LONGEST = Question.model_fields["max_length"].default
LIMITS = ("least", "most", "max_length")
ASKED = (("code", "type"), ("ko", "en"))
DETAILS = (("hint.ko", "hint.en"), ("options",), LIMITS, ("when", "checked_if"))
FREE_ROWS = 2  # empty question rows at the end of the form


class CallForm(forms.Form):
    """A whole call: names, dates in programme time, offer, documents, questions."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        call: CallView | None = None,
        track: str = "",
        copied: CallView | None = None,
    ) -> None:
        initial = _copied(copied) if copied else _initial(call, track)
        super().__init__(data, initial=initial, use_required_attribute=False)
        self.is_new = call is None
        self.attached = [one for one in call.documents if "file" in one] if call else []
        programme = programmes.current()
        if self.is_new:
            self.fields["code"] = forms.CharField(label=_("공모 코드"), max_length=30, help_text=_("예: 26-2"))
            tracks = [(t.code, t.name.in_(language())) for t in programme.tracks]
            self.fields["track"] = forms.ChoiceField(label=_("트랙"), choices=tracks)
        for name, label in (("title", _("공모 이름")), ("summary", _("안내 글"))):
            for code, shown in (("ko", _("한국어")), ("en", _("영어"))):
                widget = forms.Textarea(attrs={"rows": 3}) if name == "summary" else forms.TextInput()
                self.fields[f"{name}.{code}"] = forms.CharField(
                    label=f"{label} ({shown})", widget=widget, max_length=5_000, required=name == "title"
                )
        at = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=AT)
        for name, label in (
            ("opens_at", _("접수 시작")),
            ("closes_at", _("접수 마감")),
            ("decide_by", _("결과 발표")),
        ):
            self.fields[name] = forms.DateTimeField(label=label, input_formats=[AT], widget=at)
        if self.is_new:
            self.fields["decide_by"].help_text = _("회차를 만들 때는 비웁니다.")
            self._round_fields(track)
        month = forms.TextInput(attrs={"type": "month", "placeholder": "2026-04"})
        for name, label, hint in (
            ("use_from", _("사용 시작 달"), _("첫날 0시부터 쓸 수 있습니다. 회차를 만들 때는 비웁니다.")),
            (
                "use_until",
                _("사용이 끝나는 다음 달"),
                _("이 달의 첫날 0시에 끝납니다. 12월 말까지 쓰면 다음 해 1월입니다."),
            ),
        ):
            self.fields[name] = forms.CharField(label=label, widget=month, help_text=hint, required=False)
        self.fields |= _offer_fields()
        self.fields["documents"] = forms.CharField(
            label=_("문서"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("한 줄에 하나씩: 한국어 이름 | 영어 이름 | 주소"),
        )
        self._question_fields(data, call or copied)

    def _round_fields(self, track: str) -> None:
        """Of a rolling call: how often it is cut off, and how soon decided; then decision and first use follow."""
        rolling = next((t.rolling for t in programmes.current().tracks if t.code == track), None)
        for name, label, hint, days in (
            ("every_days", _("회차 간격"), _("비우면 한 번만 마감합니다."), "cut_off_every_days"),
            ("decision_days", _("마감 뒤 결정까지"), _("회차 마감부터 결과 발표까지"), "decision_days"),
        ):
            self.fields[name] = forms.IntegerField(
                label=label, required=False, min_value=1, max_value=366, help_text=hint
            )
            if rolling is not None:
                self.fields[name].initial = getattr(rolling, days)
        self.fields["decide_by"].required = False

    @property
    def has_rounds(self) -> bool:
        """Whether a rolling call with rounds is composed."""
        return self.is_new and bool(self.cleaned_data.get("every_days"))

    def _question_fields(self, data: Mapping[str, Any] | None, call: CallView | None) -> None:
        asked = len(call.questions) if call else 0
        wanted = str(data.get("rows", "")) if data else ""
        self.rows = min(40, max(asked + FREE_ROWS, int(wanted) if wanted.isdigit() else 0))
        for row in range(self.rows):
            self._question_row(f"questions.{row}")

    def _question_row(self, where: str) -> None:
        def add(name: str, field: forms.Field, label: str, hint: str = "") -> None:
            field.required, field.label, field.help_text = False, label, hint
            self.fields[f"{where}.{name}"] = field

        add("code", forms.CharField(max_length=40), _("코드"), _("영문 소문자와 붙임표. 비우면 이 질문을 뺍니다."))
        kinds = [("", _("고르십시오")), *((kind, shown.in_(language())) for kind, shown in KINDS.items())]
        add("type", forms.ChoiceField(choices=kinds), _("답의 형식"))
        add("ko", forms.CharField(max_length=500), _("질문 (한국어)"))
        add("en", forms.CharField(max_length=500), _("질문 (영어)"))
        add("hint.ko", forms.CharField(max_length=500), _("도움말 (한국어)"), _("질문 아래에 보입니다."))
        add("hint.en", forms.CharField(max_length=500), _("도움말 (영어)"))
        add("required", forms.BooleanField(), _("반드시 답해야 합니다"))
        area = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}))
        add("options", area, _("보기"), _("한 줄에 하나씩: 코드 | 한국어 | 영어"))
        add("least", forms.IntegerField(), _("가장 작은 수"), _("수로 답하는 질문에만 씁니다."))
        add("most", forms.IntegerField(), _("가장 큰 수"), _("수로 답하는 질문에만 씁니다."))
        most = forms.IntegerField(min_value=1, max_value=20_000)
        add("max_length", most, _("글자 수"), _("글로 답하는 질문에만 씁니다. 비우면 2,000자까지입니다."))
        hint = _("앞의 질문 코드 = 답, 답. 예: releases-model = yes")
        add("when", forms.CharField(max_length=300), _("이럴 때만 묻기"), hint)
        hint = _("답, 답. 예: yes. 이렇게 답한 신청은 사업 담당자가 확인해야 접수가 인정됩니다.")
        add("checked_if", forms.CharField(max_length=300), _("이렇게 답하면 손으로 확인"), hint)

    @property
    def question_rows(self) -> list[dict[str, Any]]:
        """The fields of each question, for the page: those of every question, and what only some need."""
        return [self._shown(f"questions.{row}") for row in range(self.rows)]

    def _shown(self, where: str) -> dict[str, Any]:
        more = [[self[f"{where}.{name}"] for name in names] for names in DETAILS]
        return {
            "rows": [[self[f"{where}.{name}"] for name in names] for names in ASKED],
            "required": self[f"{where}.required"],
            "more": more,
            "is_detailed": any(one.value() or one.errors for row in more for one in row if one.value() != LONGEST),
        }

    @property
    def offer_fields(self) -> list[Any]:
        """The fields of what is offered."""
        return [self[name] for name in self.fields if name.startswith("offered.")]

    @property
    def name_rows(self) -> list[list[Any]]:
        """What it is called and which track it belongs to, in rows."""
        return self._rows(("code", "track"), ("title.ko", "title.en"), ("summary.ko", "summary.en"))

    @property
    def date_rows(self) -> list[list[Any]]:
        """When people apply, hear and use, in rows."""
        return self._rows(("opens_at", "closes_at"), ("decide_by",), ("use_from", "use_until"))

    @property
    def round_fields(self) -> list[Any]:
        """How often it is cut off; none of an existing draft."""
        return [one for row in self._rows(("every_days", "decision_days")) for one in row]

    def _rows(self, *rows: tuple[str, ...]) -> list[list[Any]]:
        found = [[self[name] for name in names if name in self.fields] for names in rows]
        return [row for row in found if row]

    def columns(self) -> dict[str, Any]:
        """What was typed, as `operations.compose` and `redraft` take it."""
        read = self.cleaned_data
        found: dict[str, Any] = {
            "title": Text(read["title.ko"].strip(), read["title.en"].strip()),
            "offered": _offered(read),
            "documents": [*_documents(read["documents"]), *self.attached],
            "questions": list(self._questions()),
        }
        if read["summary.ko"] or read["summary.en"]:
            found["summary"] = Text(read["summary.ko"], read["summary.en"])
        names = ("opens_at", "closes_at") if self.has_rounds else ("opens_at", "closes_at", "decide_by")
        for name in names:
            found[name] = read[name].replace(tzinfo=programmes.zone()).astimezone(UTC)
        for name in ("use_until",) if self.has_rounds else ("use_from", "use_until"):
            found[name] = Month.parse(read[name]).period(programmes.zone()).start
        if self.has_rounds:
            found |= {"every_days": read["every_days"], "decision_days": read["decision_days"]}
        return found

    def clean(self) -> dict[str, Any]:
        """Months must be months; a rolling call's decisions follow from its rounds, any other states its own."""
        if self.has_rounds:
            if not self.cleaned_data.get("decision_days"):
                self.add_error("decision_days", _("마감 뒤 며칠 안에 결정하는지 적으십시오."))
        elif "decide_by" not in self.errors and not self.cleaned_data.get("decide_by"):
            self.add_error("decide_by", _("결과 발표 때를 고르십시오."))
        for name in ("use_until",) if self.has_rounds else ("use_from", "use_until"):
            try:
                Month.parse(self.cleaned_data.get(name) or "")
            except ValueError:
                if name not in self.errors:
                    self.add_error(name, _("2026-04처럼 적으십시오."))
        return self.cleaned_data

    def _questions(self) -> Iterable[dict[str, Any]]:
        for row in range(self.rows):
            where = f"questions.{row}."
            read = {
                name.removeprefix(where): typed for name, typed in self.cleaned_data.items() if name.startswith(where)
            }
            if not read.get("code"):
                continue
            question = {
                "code": read["code"].strip(),
                "type": read["type"],
                "label": {"ko": read["ko"], "en": read["en"]},
                "required": bool(read["required"]),
                "options": [
                    {"code": code, "label": {"ko": ko, "en": en}} for code, ko, en in _lines(read["options"] or "")
                ],
            }
            if read["hint.ko"] or read["hint.en"]:
                question["hint"] = {"ko": read["hint.ko"], "en": read["hint.en"]}
            question |= {name: read[name] for name in LIMITS if read[name] is not None}
            if "=" in (read["when"] or ""):
                earlier, answers = read["when"].split("=", 1)
                question["when"] = {"question": earlier.strip(), "is_one_of": _parts(answers)}
            if read["checked_if"]:
                question["checked_if"] = _parts(read["checked_if"])
            yield question


class CorrectionForm(forms.Form):
    """Another title, summary or offer of an announced call, and why, for everybody to read."""

    def __init__(self, call: CallView, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=_initial(call, ""), use_required_attribute=False)
        self.call = call
        for name, label, rows in (("title", _("공모 이름"), 1), ("summary", _("안내 글"), 3), ("reason", _("이유"), 2)):
            for code, shown in (("ko", _("한국어")), ("en", _("영어"))):
                widget = forms.Textarea(attrs={"rows": rows}) if rows > 1 else forms.TextInput()
                self.fields[f"{name}.{code}"] = forms.CharField(
                    label=f"{label} ({shown})", widget=widget, max_length=5_000, required=name != "summary"
                )
        self.fields |= _offer_fields()

    @property
    def offer_fields(self) -> list[Any]:
        """The fields of what is offered."""
        return [self[name] for name in self.fields if name.startswith("offered.")]

    @property
    def text_fields(self) -> list[Any]:
        """Title and summary."""
        return [self[name] for name in self.fields if name.startswith(("title.", "summary."))]

    @property
    def reason_fields(self) -> list[Any]:
        """Why."""
        return [self["reason.ko"], self["reason.en"]]

    def reason(self) -> Text:
        """Why, as it will be read."""
        return self._text("reason")

    def changes(self) -> dict[str, Any]:
        """What differs from the call as it is."""
        typed = {"title": self._text("title"), "summary": self._text("summary"), "offered": _offered(self.cleaned_data)}
        return {name: value for name, value in typed.items() if value != getattr(self.call, name)}

    def _text(self, name: str) -> Text:
        read = self.cleaned_data
        return Text(read[f"{name}.ko"].strip(), read[f"{name}.en"].strip())


class RubricForm(forms.Form):
    """A call's own criteria: names, questions, points, anchors."""

    FREE_ROWS = 1

    def __init__(self, call: CallView, data: Mapping[str, Any] | None = None) -> None:
        rubric = call.rubric
        super().__init__(data, initial=_rubric_initial(call), use_required_attribute=False)
        self.rows = len(rubric.criteria) + self.FREE_ROWS
        self.fields["pass_mark"] = forms.IntegerField(label=_("통과 점수"), min_value=0, max_value=100)
        for row in range(self.rows):
            self._row(f"criteria.{row}")

    def _row(self, where: str) -> None:
        area = forms.Textarea(attrs={"rows": 3})
        for name, field, label, hint in (
            ("code", forms.CharField(max_length=40), _("코드"), _("영문 소문자와 붙임표. 비우면 이 항목을 뺍니다.")),
            ("weight", forms.IntegerField(min_value=1, max_value=100), _("배점"), _("모두 더해 100점")),
            ("name.ko", forms.CharField(max_length=120), _("항목 (한국어)"), ""),
            ("name.en", forms.CharField(max_length=120), _("항목 (영어)"), ""),
            ("description.ko", forms.CharField(max_length=500), _("묻는 것 (한국어)"), ""),
            ("description.en", forms.CharField(max_length=500), _("묻는 것 (영어)"), ""),
            (
                "anchors",
                forms.CharField(widget=area),
                _("점수의 기준"),
                _("두 줄 이상, 한 줄에 하나씩: 만점의 몇 % | 한국어 | 영어"),
            ),
        ):
            field.required, field.label, field.help_text = False, label, hint
            self.fields[f"{where}.{name}"] = field

    @property
    def criterion_rows(self) -> list[list[Any]]:
        """The fields of each criterion, for the page."""
        return [[self[n] for n in self.fields if n.startswith(f"criteria.{row}.")] for row in range(self.rows)]

    def rubric(self) -> dict[str, Any]:
        """What was typed, as `operations.set_rubric` takes it."""
        read, criteria = self.cleaned_data, []
        for row in range(self.rows):
            where = f"criteria.{row}"
            if not read[f"{where}.code"]:
                continue
            criteria.append(
                {
                    "code": read[f"{where}.code"].strip(),
                    "weight": read[f"{where}.weight"] or 0,
                    "name": {code: read[f"{where}.name.{code}"] for code in ("ko", "en")},
                    "description": {code: read[f"{where}.description.{code}"] for code in ("ko", "en")},
                    "anchors": [
                        {"at_percent": int(at) if at.isdigit() else -1, "text": {"ko": ko, "en": en}}
                        for at, ko, en in _lines(read[f"{where}.anchors"] or "")
                    ],
                }
            )
        return {"criteria": criteria, "pass_mark": read["pass_mark"]}


class DocumentForm(forms.Form):
    """A document to attach: its name in both languages and the file."""

    ko = forms.CharField(max_length=120)
    en = forms.CharField(max_length=120)
    file = forms.FileField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        for name, label, hint in (
            ("ko", _("문서 이름 (한국어)"), ""),
            ("en", _("문서 이름 (영어)"), ""),
            ("file", _("파일"), _("PDF, HWPX, DOCX, XLSX, CSV, PNG, JPEG. 20MB까지.")),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint


class NominationForm(forms.Form):
    """A ministry's nomination of an organisation's project."""

    ministry = forms.ChoiceField()
    organisation = forms.CharField(max_length=120)
    project = forms.CharField(max_length=200)
    reason = forms.CharField(max_length=5_000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, ministries: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        named = [programmes.current().ministry(code) for code in sorted(ministries)]
        self.fields["ministry"].choices = [(one.code, one.name.in_(language())) for one in named]
        for name, label, hint in (
            ("ministry", _("추천하는 부처"), ""),
            ("organisation", _("기관"), _("이 포털에 등록된 이름 그대로, 또는 기관 코드를 적습니다.")),
            ("project", _("과제 이름"), ""),
            ("reason", _("추천하는 까닭"), _("사업 담당자만 봅니다.")),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint


def _rubric_initial(call: CallView) -> dict[str, Any]:
    found: dict[str, Any] = {"pass_mark": call.rubric.pass_mark}
    for row, one in enumerate(call.rubric.criteria):
        where = f"criteria.{row}"
        found |= {
            f"{where}.code": one.code,
            f"{where}.weight": one.weight,
            f"{where}.name.ko": one.name.ko,
            f"{where}.name.en": one.name.en,
            f"{where}.description.ko": one.description.ko,
            f"{where}.description.en": one.description.en,
            f"{where}.anchors": "\n".join(f"{a.at_percent} | {a.text.ko} | {a.text.en}" for a in one.anchors),
        }
    return found


def filled_from_calendar(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was typed with the servers filled in: of every cluster the track offers, those free in all months of use.

    Months of use begin with the one typed, or for a call in rounds with the one after its opening. Clusters with less
    than one application's worth are left out. None while the months of use are not known.
    """
    filled, current, zone = {name: data[name] for name in data}, programmes.current(), programmes.zone()
    try:
        until = Month.parse(data.get("use_until", ""))
        first = data.get("use_from", "")
        begin = Month.parse(first) if first else Month.parse(data.get("opens_at", "")[:7]).plus(1)
    except ValueError:
        return None
    if until <= begin:
        return None
    track = next((t for t in current.tracks if t.code == data.get("track")), None)
    for cluster in current.government_clusters:
        limit = track.limit(cluster.gpu_model) if track else None
        least = limit.min_nodes if limit else 1
        free = terms.free_in(cluster.code, begin.period(zone).start, until.period(zone).start)
        is_enough = free is not None and min(free) >= least and (track is None or limit is not None)
        filled[f"offered.{cluster.code}"] = str(min(free)) if free and is_enough else ""
    return filled


def _offer_fields() -> dict[str, forms.Field]:
    programme = programmes.current()
    return {
        f"offered.{cluster.code}": forms.IntegerField(
            label=f"{cluster.name.in_(language())} ({programme.gpu_model(cluster.gpu_model).name})",
            required=False,
            min_value=0,
            max_value=cluster.nodes,
            help_text=_("서버 %(nodes)s대까지") % {"nodes": cluster.nodes},
        )
        for cluster in programme.government_clusters
    }


def _offered(read: Mapping[str, Any]) -> dict[str, int]:
    return {n.removeprefix("offered."): nodes for n, nodes in read.items() if n.startswith("offered.") and nodes}


def _initial(call: CallView | None, track: str) -> dict[str, Any]:
    if call is None:
        return {"track": track}
    zone = programmes.zone()
    found: dict[str, Any] = {
        "title.ko": call.title.ko,
        "title.en": call.title.en,
        "summary.ko": call.summary.ko,
        "summary.en": call.summary.en,
        "use_from": str(call.terms.use_from),
        "use_until": str(call.terms.use_until),
        "documents": "\n".join(
            f"{d['name']['ko']} | {d['name']['en']} | {d['url']}" for d in call.documents if "file" not in d
        ),
        **{name: getattr(call, name).astimezone(zone).strftime(AT) for name in ("opens_at", "closes_at", "decide_by")},
        **{f"offered.{code}": nodes for code, nodes in call.offered.items()},
    }
    for row, question in enumerate(call.questions):
        where, when = f"questions.{row}", question.get("when")
        found |= {
            f"{where}.code": question["code"],
            f"{where}.type": question["type"],
            f"{where}.ko": question["label"]["ko"],
            f"{where}.en": question["label"]["en"],
            **{f"{where}.hint.{code}": words for code, words in (question.get("hint") or {}).items()},
            **{f"{where}.{name}": question[name] for name in LIMITS if name in question},
            f"{where}.required": question.get("required", False),
            f"{where}.options": "\n".join(
                f"{o['code']} | {o['label']['ko']} | {o['label']['en']}" for o in question.get("options", ())
            ),
            f"{where}.when": f"{when['question']} = {', '.join(when['is_one_of'])}" if when else "",
            f"{where}.checked_if": ", ".join(question.get("checked_if", ())),
        }
    return found


def _copied(call: CallView) -> dict[str, Any]:
    """An earlier call as the start of a new one: everything but its code and its dates."""
    found = {"track": call.track, **_initial(call, "")}
    for name in ("opens_at", "closes_at", "decide_by", "use_from", "use_until"):
        del found[name]
    return found


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _lines(text: str) -> Iterable[tuple[str, str, str]]:
    for line in text.splitlines():
        if line.strip():
            first, second, third, *_ = [*(part.strip() for part in line.split("|")), "", ""]
            yield first, second, third


def _documents(text: str) -> Iterable[dict[str, Any]]:
    for ko, en, url in _lines(text):
        yield {"name": {"ko": ko, "en": en}, "url": url}
