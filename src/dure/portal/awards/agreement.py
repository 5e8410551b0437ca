"""The text of the agreement (협약) between programme and applicant, in both languages."""

from __future__ import annotations

from typing import Any

from dure.programme.amounts import exact
from dure.programme.schema import Programme

TEXT_VERSION = "2026-2"


def agreement_text(award: Any, application: Any, programme: Programme) -> str:
    """What both sides sign: who, what, when, at what price, with which duties. Korean first, then English."""
    zone = programme.zone
    start, end = award.start_at.astimezone(zone), award.end_at.astimezone(zone)
    organisation = application.organisation
    duties = [programme.duty(code) for code in programme.applicant_class(organisation.applicant_class).duties]
    fee = programme.fee_per_node_month(award.cluster.gpu_model, organisation.applicant_class, organisation.is_youth)
    price = exact(fee, programme.currency)
    korean = [
        f"{programme.name.ko} 이용 협약서 (판 {TEXT_VERSION})",
        f"1. 이용기관: {organisation.name}",
        f"2. 과제: {application.number} {application.content.title.ko}",
        f"3. 자원: {award.cluster.code} 서버 {award.nodes}대 (GPU {award.nodes * award.cluster.gpus_per_node}개)",
        f"4. 기간: {start:%Y-%m-%d %H:%M} 부터 {end:%Y-%m-%d %H:%M} 전까지 ({programme.timezone})",
        f"5. 자부담: 서버 1대당 월 {price.ko}. 실제 할당된 시간만큼 월별로 청구합니다.",
        "6. 의무:",
        *[f"   - {duty.description.ko}" for duty in duties],
        "7. 서버를 쓰지 않으면 공고된 유휴 자원 규칙에 따라 미리 알린 뒤 회수할 수 있습니다.",
    ]
    english = [
        f"Agreement for {programme.name.en} (edition {TEXT_VERSION})",
        f"1. Holder: {organisation.name_en or organisation.name}",
        f"2. Project: {application.number} {application.content.title.en}",
        f"3. Resource: {award.nodes} servers of {award.cluster.code} "
        f"({award.nodes * award.cluster.gpus_per_node} GPUs)",
        f"4. Period: from {start:%Y-%m-%d %H:%M} until before {end:%Y-%m-%d %H:%M} ({programme.timezone})",
        f"5. Self-pay: {price.en} per server and month, billed monthly for the time allocated.",
        "6. Duties:",
        *[f"   - {duty.description.en}" for duty in duties],
        "7. Servers left unused may be reclaimed, after notice, by the published rules on idle resources.",
    ]
    return "\n".join([*korean, "", *english, ""])
