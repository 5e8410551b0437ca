"""What reviewers and the programme type about reviews; the operations decide what is right."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from dure.core.text import Text
from dure.decide import scoring
from dure.portal.framework.drafts import DraftForm
from dure.portal.people.queries import OrganisationView
from dure.portal.reviews.queries import ReviewView
from dure.programme.competition import Rubric

CONFLICT_KINDS = {
    "family": Text("가족이거나 친족입니다", "Family"),
    "funding": Text("돈이나 계약 관계가 있습니다", "Money or a contract"),
    "co_author": Text("함께 연구하거나 논문을 썼습니다", "Co-author or joint work"),
    "mentor": Text("스승이거나 제자입니다", "Teacher or student"),
    "competitor": Text("경쟁 관계입니다", "Competitor"),
    "other": Text("그 밖의 까닭이 있습니다", "Another reason"),
}

WISHES = {
    "eager": Text("꼭 평가하고 싶습니다", "Eager"),
    "willing": Text("평가할 수 있습니다", "Willing"),
    "": Text("아무래도 좋습니다", "No wish"),
    "unwilling": Text("제 분야가 아닙니다", "Not my field"),
}


def language() -> str:
    """The reader's language."""
    return get_language() or "ko"


class ReviewForm(DraftForm):
    """Points for each criterion, comments to the applicant apart from those to the panel."""

    def __init__(self, rubric: Rubric, data: Any = None, *, review: ReviewView | None = None) -> None:
        super().__init__(data)
        self.rubric = rubric
        step = Decimal(rubric.scale.step_tenths) / 10
        for criterion in rubric.criteria:
            attrs = {"inputmode": "decimal", "min": 0, "max": criterion.weight, "step": f"{step:f}", "type": "number"}
            self.fields[f"points.{criterion.code}"] = forms.CharField(
                label=criterion.name.in_(language()),
                help_text=_("0~%(weight)s점") % {"weight": criterion.weight},
                max_length=6,
                widget=forms.TextInput(attrs=attrs),
            )
        area = forms.Textarea(attrs={"rows": 5})
        for name, label, hint in (
            ("to_applicant", _("신청자에게 줄 의견"), _("결과 발표 뒤 신청자가 읽습니다. 이름은 나가지 않습니다.")),
            ("to_panel", _("평가위원회에만 줄 의견"), _("신청자에게는 나가지 않습니다.")),
        ):
            self.fields[name] = forms.CharField(
                label=label, help_text=hint, required=False, max_length=4_000, widget=area
            )
        if review is not None:
            self.initial = {
                "to_applicant": review.to_applicant,
                "to_panel": review.to_panel,
                **{f"points.{code}": scoring.points(t) for code, t in review.points_tenths.items()},
            }

    @property
    def criteria(self) -> list[tuple[Any, Any]]:
        """Each criterion with its field."""
        return [(criterion, self[f"points.{criterion.code}"]) for criterion in self.rubric.criteria]

    def review(self) -> dict[str, Any]:
        """What was typed, as the operations take it."""
        read = self.cleaned_data
        given = {n[7:]: value for n, value in read.items() if n.startswith("points.") and value.strip()}
        return {"points": given, "to_applicant": read["to_applicant"], "to_panel": read["to_panel"]}

    def total(self) -> str:
        """The points typed so far, added up."""
        values = {code: self[f"points.{code}"].value() for code in (c.code for c in self.rubric.criteria)}
        tenths, _mistakes = scoring.points_in_tenths(self.rubric, {c: v for c, v in values.items() if v})
        return scoring.points(sum(tenths.values()))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("까닭")


class ConflictForm(forms.Form):
    """A conflict of interest."""

    kind = forms.ChoiceField(widget=forms.RadioSelect)
    evidence = forms.CharField(max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, kinds: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].label = _("어떤 관계입니까?")
        self.fields["kind"].choices = [(kind, CONFLICT_KINDS[kind].in_(language())) for kind in kinds]
        self.fields["evidence"].label = _("간단한 설명")


class CallDeclarationForm(forms.Form):
    """Which applicants of a call somebody has to do with, and how."""

    named = forms.CharField(required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}))
    kind = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    truth = forms.BooleanField()

    def __init__(self, organisations: Sequence[OrganisationView], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [(str(one.id), one.named(language())) for one in organisations]
        if shown:
            box = forms.CheckboxSelectMultiple
            self.fields["organisations"] = forms.MultipleChoiceField(required=False, choices=shown, widget=box)
            self.fields["organisations"].label = _("이해관계가 있는 신청 기관을 고르십시오")
            self.fields["organisations"].help_text = _("없으면 고르지 않습니다. 이미 빠진 기관은 나오지 않습니다.")
        self.fields["named"].label = _("그 밖에 이해관계가 있는 기관")
        self.fields["named"].help_text = _("기관 이름을 쉼표로 나눕니다. 참여 기관이면 그 과제를 맡기지 않습니다.")
        self.fields["kind"].label = _("어떤 관계입니까?")
        self.fields["kind"].choices = [(kind, text.in_(language())) for kind, text in CONFLICT_KINDS.items()]
        self.fields["truth"].label = _("이해관계를 빠짐없이 알렸고, 과제의 내용을 밖에 알리지 않겠습니다")
        self.order_fields(["organisations", "named", "kind", "truth"])

    def clean(self) -> dict[str, Any]:
        """A kind is needed once an organisation is chosen."""
        read = super().clean() or self.cleaned_data
        if (read.get("organisations") or read.get("named", "").strip()) and not read.get("kind"):
            self.add_error("kind", _("어떤 관계인지 고르십시오."))
        return read

    def declaration(self) -> dict[str, Any]:
        """What was typed, as `operations.declare_for_call` takes it."""
        read = self.cleaned_data
        kinds = {int(one): read["kind"] for one in read.get("organisations", ())}
        named = [name.strip() for name in read["named"].replace("\n", ",").split(",") if name.strip()]
        return {"kinds": kinds, "named": named}


class ProfileForm(forms.Form):
    """What the pool needs to know of somebody who says yes."""

    affiliation = forms.CharField(max_length=120)
    former = forms.CharField(max_length=500, required=False)
    keywords = forms.CharField(max_length=1_000)
    expertise = forms.CharField(max_length=4_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    load_limit = forms.IntegerField(min_value=1, max_value=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, hint in (
            ("affiliation", _("소속 기관명"), ""),
            ("former", _("이전 소속"), _("쉼표로 나눕니다. 이해관계가 있는 과제를 맡기지 않는 데만 씁니다.")),
            ("keywords", _("전문 분야 핵심어"), _("쉼표로 나눕니다.")),
            ("expertise", _("전문 분야 소개"), _("과제의 글과 견주어 알맞은 과제를 찾습니다.")),
            ("load_limit", _("한 공모에서 맡을 수 있는 건수"), ""),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint

    def profile(self) -> dict[str, Any]:
        """What was typed, as the operations take it."""
        read = self.cleaned_data
        return {
            "affiliation": read["affiliation"],
            "former_affiliations": read["former"].split(","),
            "keywords": read["keywords"].split(","),
            "expertise": read["expertise"],
            "load_limit": read["load_limit"],
        }


class InvitationForm(forms.Form):
    """Whom to invite, to what, by when."""

    email = forms.EmailField()
    name = forms.CharField(max_length=80, required=False)
    call_code = forms.ChoiceField(required=False)
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    load_limit = forms.IntegerField(min_value=1, max_value=500, initial=30)
    valid_days = forms.IntegerField(min_value=1, max_value=90, initial=14)

    def __init__(self, calls: Sequence[tuple[str, Text]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, hint in (
            ("email", _("이메일"), _("이 주소로 링크를 보냅니다. 가입하지 않고 답할 수 있습니다.")),
            ("name", _("이름"), ""),
            ("call_code", pgettext("one", "공모"), ""),
            ("note", _("덧붙이는 말"), _("초대 메일과 링크의 화면에 나타납니다.")),
            ("load_limit", _("부탁할 건수"), ""),
            ("valid_days", _("답을 기다리는 날수"), ""),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint
        shown = [(code, f"{code} {title.in_(language())}") for code, title in calls]
        self.fields["call_code"].choices = [("", _("공모를 정하지 않고 명부에")), *shown]


class UpkeepForm(forms.Form):
    """When to remind and to replace."""

    is_automatic = forms.BooleanField(required=False)
    remind_before_days = forms.IntegerField(min_value=0, max_value=30)
    remind_after_days = forms.IntegerField(min_value=0, max_value=30)
    replace_after_days = forms.IntegerField(min_value=0, max_value=60)
    most_replacements = forms.IntegerField(min_value=0, max_value=10)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, hint in (
            ("is_automatic", _("자동으로 알리고 바꾸기"), _("끄면 알림도 교체도 사람이 합니다.")),
            ("remind_before_days", _("기한 며칠 전에 알립니까?"), _("기한이 된 때에는 늘 한 번 알립니다.")),
            ("remind_after_days", _("기한 며칠 뒤에 다시 알립니까?"), ""),
            ("replace_after_days", _("기한 며칠 뒤에 바꿉니까?"), _("시작하지 않은 평가만 바꿉니다.")),
            ("most_replacements", _("한 자리를 몇 번까지 바꿉니까?"), _("넘으면 사업 담당자에게 알립니다.")),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint


def _instant() -> forms.DateTimeField:
    """A time of day in programme time."""
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    return forms.DateTimeField(input_formats=formats, widget=widget)


class SlotsForm(forms.Form):
    """Interview times, one after the other."""

    starts_at = _instant()
    minutes = forms.IntegerField(min_value=5, max_value=480, initial=30)
    count = forms.IntegerField(min_value=1, max_value=100, initial=8)
    place = forms.CharField(max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (
            ("starts_at", _("첫 면담의 시작")),
            ("minutes", _("한 면담의 길이(분)")),
            ("count", _("이어지는 면담의 수")),
            ("place", _("장소")),
        ):
            self.fields[name].label = label


class MeetingForm(forms.Form):
    """A panel meeting with its agenda."""

    starts_at = _instant()
    place = forms.CharField(max_length=200)
    numbers = forms.CharField(widget=forms.Textarea(attrs={"rows": 8}))
    reviewers = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)

    def __init__(self, people: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_at"].label = _("언제 시작합니까?")
        self.fields["place"].label = _("장소")
        self.fields["place"].help_text = _("회의실이나 화상 회의 주소")
        self.fields["numbers"].label = _("안건")
        self.fields["numbers"].help_text = _("신청 번호를 한 줄에 하나씩, 다룰 순서대로 적습니다.")
        self.fields["reviewers"].label = _("참석할 평가위원")
        self.fields["reviewers"].choices = [(str(pk), name) for pk, name in people]

    def meeting(self) -> dict[str, Any]:
        """What was typed, as `operations.plan_meeting` takes it."""
        read = self.cleaned_data
        return {
            "starts_at": read["starts_at"],
            "place": read["place"],
            "numbers": read["numbers"].split(),
            "reviewer_ids": [int(pk) for pk in read["reviewers"]],
        }


class RemarkForm(forms.Form):
    """Something said about a proposal."""

    text = forms.CharField(max_length=4_000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("의견 쓰기")
        self.fields["text"].help_text = _("이 과제를 평가한 사람과 사업 담당자만 읽습니다.")


class ChangeForm(ReviewForm):
    """Points changed after handing in, with the reason."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["to_applicant"], self.fields["to_panel"]
        self.fields["reason"] = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
        self.fields["reason"].label = _("왜 고칩니까?")

    def review(self) -> dict[str, Any]:
        """The points, as the operation takes them."""
        read = self.cleaned_data
        return {"points": {n[7:]: v for n, v in read.items() if n.startswith("points.") and v.strip()}}


class ReviewerForm(ProfileForm):
    """Somebody for the pool, by address."""

    email = forms.EmailField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label, self.fields["email"].help_text = _("이메일"), _("이미 가입한 사람의 주소입니다.")
        self.fields["load_limit"].initial = 30
        self.order_fields(["email"])
