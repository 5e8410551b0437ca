"""A small call of the example campus, all of it invented: twelve applications, six reviewers, two reviews each."""

from __future__ import annotations

from typing import Any

from dure.core.period import Month
from dure.core.text import Text
from dure.programme.schema import Programme
from dure.simulate.first_call import Application, FirstCall
from dure.simulate.panel import Review, Reviewer
from dure.simulate.people import Organisation, Person
from dure.simulate.proposals import Member, Section

CALL = "autumn-2026"
_DOMAIN = "harbourdale.example"

_LABS = (
    ("tidal-lab", "조력 연구실", "Tidal Energy Lab", "staff", "island", "engineering"),
    ("archive-lab", "기록 연구실", "Archive Lab", "staff", "north", "humanities"),
    ("cell-lab", "세포 연구실", "Cell Lab", "staff", "north", "life"),
    ("student-union", "학생 연합", "Student Union", "student", "north", "engineering"),
    ("island-students", "섬 학생회", "Island Students", "student", "island", "life"),
    ("kelp-spin-out", "켈프", "Kelp", "spin-out", "island", "engineering"),
)

# lab, title (ko, en), servers asked, fewest, months, latest start after the first month, (merit, readiness) twice
_ASKED = (
    ("tidal-lab", "조류 흐름의 대리 모형", "Surrogate models of tidal flow", 4, 2, 4, 0, (52, 34), (50, 36)),
    ("tidal-lab", "터빈 날개 형상 탐색", "Search for turbine blade shapes", 2, 1, 3, 1, (44, 30), (46, 28)),
    ("archive-lab", "항해 일지 필사 자동화", "Transcribing ships' logs", 3, 2, 3, 0, (50, 30), (48, 33)),
    ("archive-lab", "지명 변천 사전", "A dictionary of changing place names", 2, 1, 2, 0, (40, 25), (38, 28)),
    ("cell-lab", "세포 영상 분할 모형", "Segmenting images of cells", 4, 2, 4, 0, (55, 36), (53, 37)),
    ("cell-lab", "단백질 접힘 비교", "Comparing protein folds", 2, 2, 4, 0, (47, 31), (45, 33)),
    ("student-union", "수업용 언어 모형 조율", "Tuning a language model for class", 2, 1, 2, 0, (42, 30), (44, 31)),
    ("student-union", "로봇 축구단 학습", "Training the robot football team", 1, 1, 3, 1, (39, 32), (41, 33)),
    ("student-union", "실내악 자동 편곡", "Arranging chamber music", 1, 1, 1, 0, (30, 18), (28, 16)),
    ("island-students", "바닷새 울음 판별", "Telling seabirds by their calls", 1, 1, 4, 0, (46, 34), (45, 35)),
    ("island-students", "갯벌 생물 분포 지도", "Mapping life on the mudflats", 2, 1, 2, 2, (41, 29), (40, 31)),
    ("kelp-spin-out", "해조 양식장 작황 예측", "Forecasting yields of kelp farms", 3, 1, 4, 0, (45, 35), (47, 36)),
)
_REVIEWERS = (
    ("Aoife Brannigan", "engineering"),
    ("Tadhg Moloney", "engineering"),
    ("Sorcha Deasy", "humanities"),
    ("Cian Ahearne", "humanities"),
    ("Niamh Tuohy", "life"),
    ("Oisin Geary", "life"),
)


def campus_call(programme: Programme) -> FirstCall:
    """The autumn call under `programme`, which must hold it."""
    use = programme.call(CALL).first_use_on
    first = Month(use.year, use.month)
    labs = {code: _lab(code, *rest) for code, *rest in _LABS}
    people = tuple(
        Person(f"{code}@{_DOMAIN}", Text(lab.name.ko, lab.name.en), code, True) for code, lab in labs.items()
    )
    reviewers = tuple(_reviewer(name, field) for name, field in _REVIEWERS)
    applications = tuple(_application(index, row, labs, first) for index, row in enumerate(_ASKED, 1))
    reviews = [
        Review(
            application=one.id,
            reviewer=reviewer.email,
            points=tuple(zip([c.code for c in programme.rubric.criteria], row[7 + place], strict=True)),
            to_applicant="계획이 분명합니다. / A clear plan.",
            to_panel="지어낸 의견입니다. / An invented comment.",
        )
        for one, row in zip(applications, _ASKED, strict=True)
        for place, reviewer in enumerate(r for r in reviewers if r.fields[0] == one.field)
    ]
    return FirstCall(CALL, tuple(labs.values()), people, reviewers, applications, tuple(reviews))


def _lab(code: str, ko: str, en: str, applicant_class: str, region: str, field: str) -> Organisation:
    return Organisation(code, Text(ko, en), applicant_class, region, False, field, "", _DOMAIN)


def _reviewer(name: str, field: str) -> Reviewer:
    address = f"{name.split()[0].lower()}@outside.example"
    return Reviewer(
        address, Text(name, name), Text("이웃 대학교", "Neighbouring University"), "", (field,), (field,), 12
    )


def _application(index: int, row: tuple[Any, ...], labs: dict[str, Organisation], first: Month) -> Application:
    code, ko, en, asked, fewest, months, wait = row[:7]
    lab = labs[code]
    scores = row[7:9]
    return Application(
        id=f"C{index:02d}",
        organisation=code,
        applicant_class=lab.applicant_class,
        lead=f"{code}@{_DOMAIN}",
        title=Text(ko, en),
        summary=f"{ko}을(를) 위한 지어낸 신청입니다. / An invented application: {en}.",
        plan=tuple(Section(part, f"{en}: {part} (invented).") for part in ("goal", "method", "sizing")),
        field=lab.field,
        keywords=(lab.field,),
        team=(Member(lab.name.ko, f"{code}@{_DOMAIN}", lab.name.ko, "lead"),),
        gpu_models=(("l40s", 100),),
        requested_nodes=asked,
        min_nodes=fewest,
        months=months,
        earliest_start=first,
        latest_start=first.plus(min(wait, 4 - months)),
        score_tenths=sum(sum(pair) for pair in scores) * 10 // len(scores),
    )
