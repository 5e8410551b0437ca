"""Whether an organisation may ask for what it asks for: checked at start, at submission and at award.

Every rule is a finding, met or not, with the field it concerns and what to do: a page shows all of them while the
applicant chooses, an operation refuses on the unmet ones, a decision keeps them as its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dure.core.errors import Mistake
from dure.core.period import Month
from dure.core.text import Text
from dure.programme.competition import Limit, Track
from dure.programme.schema import Programme

Stage = Literal["start", "submit", "award"]
NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Applicant:
    """The organisation that applies; `standing` is its state (founded, verified, rejected), `nominated_by` the ministry
    that nominated it for the call ("" for none)."""

    applicant_class: str
    region: str
    is_youth: bool
    standing: str
    nominated_by: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: GPU models in order of preference, nodes, calendar months, the months to start in."""

    gpu_models: tuple[str, ...]
    min_nodes: int
    requested_nodes: int
    months: int
    earliest_start: Month
    latest_start: Month


@dataclass(frozen=True, slots=True)
class Terms:
    """What a call offers: months of use, half-open, and the most nodes of one cluster by GPU model."""

    use_from: Month
    use_until: Month
    offered: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule applied: `field` names the form's field, `remedy` what to do when it is not met."""

    code: str
    field: str
    is_met: bool
    text: Text
    remedy: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Eligibility:
    """All findings, in the order of the form."""

    findings: tuple[Finding, ...]

    @property
    def is_eligible(self) -> bool:
        """Whether every rule is met."""
        return all(finding.is_met for finding in self.findings)

    @property
    def unmet(self) -> tuple[Finding, ...]:
        """The rules that are not met."""
        return tuple(finding for finding in self.findings if not finding.is_met)

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The unmet rules as mistakes in the form."""
        return tuple(Mistake(finding.field, finding.text, finding.remedy) for finding in self.unmet)

    @property
    def reason(self) -> Text:
        """Every unmet rule as one text; empty when eligible."""
        return Text(" ".join(f.text.ko for f in self.unmet), " ".join(f.text.en for f in self.unmet))


def check(
    programme: Programme, track: Track, applicant: Applicant, request: Request | None, terms: Terms, stage: Stage
) -> Eligibility:
    """All rules that can be checked at `stage`; without a `request` only those about the organisation."""
    findings = [_standing(applicant, stage), _class(programme, track, applicant)]
    if track.decision == "nomination":
        findings.append(_nominated(programme, applicant))
    if request is not None:
        findings += [_model(programme, track, terms, code) for code in request.gpu_models]
        findings += [_nodes(track, request), *_fits(programme, track, terms, request)]
        findings += [_months(track, request), *_starts(terms, request)]
    return Eligibility(tuple(findings))


def _standing(applicant: Applicant, stage: Stage) -> Finding:
    if applicant.standing == "rejected" or (applicant.standing != "verified" and stage == "award"):
        return Finding(
            "organisation-verified",
            "organisation",
            False,
            Text("기관 확인이 끝나지 않았습니다.", "The organisation is not verified."),
            Text("기관 정보를 보완하고 담당자의 확인을 받으십시오.", "Complete its record and have it verified."),
        )
    if applicant.standing != "verified":
        text = Text(
            "기관 확인이 진행 중입니다. 신청은 할 수 있으며 선정 전에 확인되어야 합니다.",
            "The organisation is being verified. You may apply; it must be verified before any award.",
        )
        return Finding("organisation-verified", "organisation", True, text)
    return Finding(
        "organisation-verified", "organisation", True, Text("확인된 기관입니다.", "The organisation is verified.")
    )


def _nominated(programme: Programme, applicant: Applicant) -> Finding:
    if not applicant.nominated_by:
        return Finding(
            "nominated",
            "organisation",
            False,
            Text("중앙행정기관의 추천을 받지 않았습니다.", "No ministry has nominated it."),
            Text("소관 부처에 추천을 요청하십시오.", "Ask the ministry in charge to nominate it."),
        )
    name = programme.ministry(applicant.nominated_by).name
    return Finding(
        "nominated",
        "organisation",
        True,
        Text("{name}이(가) 추천하였습니다.", "Nominated by: {name}.").format(name=name),
    )


def _class(programme: Programme, track: Track, applicant: Applicant) -> Finding:
    name = programme.applicant_class(applicant.applicant_class).name
    if applicant.applicant_class in track.applicant_classes:
        text = Text("이 트랙은 {name}의 신청을 받습니다.", "{name} may apply to this track.").format(name=name)
        return Finding("applicant-class", "organisation", True, text)
    allowed = [programme.applicant_class(code).name for code in track.applicant_classes]
    return Finding(
        "applicant-class",
        "organisation",
        False,
        Text("이 트랙은 {name}의 신청을 받지 않습니다.", "{name} may not apply to this track.").format(name=name),
        Text(
            f"신청 대상: {', '.join(t.ko for t in allowed)}. 다른 공모를 확인하십시오.",
            f"Open to: {', '.join(t.en for t in allowed)}. See the other calls.",
        ),
    )


def _model(programme: Programme, track: Track, terms: Terms, code: str) -> Finding:
    known = {model.code: model.name for model in programme.gpu_models}
    offered = [known[c] for c in terms.offered if terms.offered[c] and track.limit(c) is not None]
    is_met = code in known and track.limit(code) is not None and terms.offered.get(code, 0) > 0
    name = known.get(code, code)
    if is_met:
        return Finding(
            "gpu-model", "models", True, Text(f"이 공모에서 {name} 서버를 제공합니다.", f"The call offers {name}.")
        )
    return Finding(
        "gpu-model",
        "models",
        False,
        Text(f"이 공모에서는 {name} 서버를 제공하지 않습니다.", f"The call does not offer {name}."),
        Text(f"제공하는 GPU: {', '.join(offered)}.", f"Choose from: {', '.join(offered)}."),
    )


def _limits(track: Track, request: Request) -> list[Limit]:
    return [limit for code in request.gpu_models if (limit := track.limit(code)) is not None]


def _nodes(track: Track, request: Request) -> Finding:
    limits = _limits(track, request)
    low = min((limit.min_nodes for limit in limits), default=1)
    high = max((limit.max_nodes for limit in limits), default=1)
    if request.min_nodes > request.requested_nodes or request.min_nodes < 1:
        return Finding(
            "least-nodes",
            "min_nodes",
            False,
            Text(
                "받아들일 수 있는 최소 서버 수가 신청 서버 수보다 많습니다.",
                "The fewest servers you accept exceed those you ask for.",
            ),
            Text(f"{request.requested_nodes}대 이하로 적으십시오.", f"Give {request.requested_nodes} or fewer."),
        )
    is_met = low <= request.requested_nodes <= high
    text = Text(f"신청 한도는 서버 {low}~{high}대입니다.", f"The limit is {low} to {high} servers.")
    remedy = Text(f"{low}대에서 {high}대 사이로 적으십시오.", f"Ask for {low} to {high} servers.")
    return Finding("node-limit", "requested_nodes", is_met, text, NOTHING if is_met else remedy)


def _fits(programme: Programme, track: Track, terms: Terms, request: Request) -> list[Finding]:
    found = []
    for code in request.gpu_models:
        limit = track.limit(code)
        if limit is None or not terms.offered.get(code):
            continue
        most = min(limit.max_nodes, terms.offered[code])
        if request.min_nodes > most or request.requested_nodes < limit.min_nodes:
            name = programme.gpu_model(code).name
            found.append(
                Finding(
                    "model-limit",
                    "models",
                    False,
                    Text(
                        f"{name} 서버는 {limit.min_nodes}~{most}대여서 최소 {request.min_nodes}대를 채울 수 없습니다.",
                        f"{name} is limited to {limit.min_nodes}–{most} servers, too few for your {request.min_nodes}.",
                    ),
                    Text("최소 서버 수를 줄이거나 이 GPU를 빼십시오.", "Accept fewer servers, or leave this GPU out."),
                )
            )
    return found


def _months(track: Track, request: Request) -> Finding:
    low, high = track.months.min, track.months.max
    is_met = low <= request.months <= high
    text = Text(f"사용 기간은 {low}~{high}개월입니다.", f"Use lasts {low} to {high} months.")
    remedy = Text(f"{low}개월에서 {high}개월 사이로 적으십시오.", f"Choose {low} to {high} months.")
    return Finding("month-limit", "months", is_met, text, NOTHING if is_met else remedy)


def _starts(terms: Terms, request: Request) -> list[Finding]:
    last = terms.use_until.plus(-request.months)
    found = []
    if request.latest_start < request.earliest_start:
        found.append(
            Finding(
                "start-order",
                "latest_start",
                False,
                Text("가장 늦은 시작 달이 가장 이른 시작 달보다 앞섭니다.", "The latest start is before the earliest."),
                Text(f"{request.earliest_start} 이후로 고르십시오.", f"Choose {request.earliest_start} or later."),
            )
        )
    text = Text(
        f"{terms.use_from}부터 {terms.use_until.plus(-1)}까지 쓸 수 있습니다.",
        f"Servers can be used from {terms.use_from} to {terms.use_until.plus(-1)}.",
    )
    early = request.earliest_start >= terms.use_from
    found.append(
        Finding(
            "start-window",
            "earliest_start",
            early,
            text,
            Text("", "")
            if early
            else Text(f"{terms.use_from} 이후로 고르십시오.", f"Choose {terms.use_from} or later."),
        )
    )
    late = request.latest_start <= last
    by = Text(
        f"{request.months}개월을 쓰려면 늦어도 {last}에 시작해야 합니다.",
        f"To use {request.months} months, start by {last}.",
    )
    remedy = Text(f"{last} 이전으로 고르거나 기간을 줄이십시오.", f"Choose {last} or earlier, or fewer months.")
    found.append(Finding("end-window", "latest_start", late, by, NOTHING if late else remedy))
    return found
