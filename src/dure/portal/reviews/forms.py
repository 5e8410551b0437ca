"""What reviewers and the programme type about reviews; the operations decide what is right."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dure.core.text import Text
from dure.decide import scoring
from dure.portal.framework.drafts import DraftForm
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


class ReviewerForm(forms.Form):
    """Somebody for the pool."""

    email = forms.EmailField()
    affiliation = forms.CharField(max_length=120)
    former = forms.CharField(max_length=500, required=False)
    keywords = forms.CharField(max_length=1_000)
    expertise = forms.CharField(max_length=4_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    load_limit = forms.IntegerField(min_value=1, max_value=500, initial=30)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, hint in (
            ("email", _("전자우편"), _("이미 가입한 사람의 주소입니다.")),
            ("affiliation", _("소속 기관명"), ""),
            ("former", _("이전 소속"), _("쉼표로 나눕니다. 이해관계를 찾는 데 씁니다.")),
            ("keywords", _("전문 분야 핵심어"), _("쉼표로 나눕니다.")),
            ("expertise", _("전문 분야 소개"), _("과제의 글과 견주어 알맞은 과제를 찾습니다.")),
            ("load_limit", _("한 공모에서 맡을 수 있는 건수"), ""),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint

    def columns(self) -> dict[str, Any]:
        """What was typed, as `operations.add_reviewer` takes it."""
        read = self.cleaned_data
        return {
            "affiliation": read["affiliation"],
            "former_affiliations": read["former"].split(","),
            "keywords": read["keywords"].split(","),
            "expertise": read["expertise"],
            "load_limit": read["load_limit"],
        }
