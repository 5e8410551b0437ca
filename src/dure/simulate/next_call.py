"""What a visitor of the demo can try: a call that is open at the end, a fast track in weekly rounds, two questions.

All of it SYNTHETIC (시연용) and marked so wherever it is shown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dure.core.period import Month
from dure.core.text import Text
from dure.portal.calls import operations as calls
from dure.portal.calls import queries as call_queries
from dure.portal.fleet import queries as fleet
from dure.portal.messages import operations as messages
from dure.portal.messages import queries as message_queries
from dure.programme.competition import Track
from dure.simulate.stage import Stage

CODE = "26-demo"
FAST = "26-fast"
OPEN_DAYS = 30
ROUNDS = 4
QUESTIONS: tuple[dict[str, Any], ...] = (
    {
        "code": "releases-model",
        "type": "yes_no",
        "label": {"ko": "학습한 모델을 공개합니까?", "en": "Will the trained model be released?"},
        "required": True,
    },
    {
        "code": "terms",
        "type": "choice",
        "label": {"ko": "어떤 조건으로 공개합니까?", "en": "On what terms?"},
        "required": True,
        "options": [
            {"code": "open", "label": {"ko": "누구나 자유롭게", "en": "Free for everybody"}},
            {"code": "research", "label": {"ko": "연구 목적만", "en": "Research only"}},
        ],
        "when": {"question": "releases-model", "is_one_of": ["yes"]},
    },
)


def announce_next(stage: Stage, opens_at: datetime) -> None:
    """Announce a call and, where the programme has one, a fast track; both open at `opens_at`. Again: nothing new."""
    known = {call.code for call in call_queries.calls(stage.as_role("programme manager"))}
    if CODE not in known:
        _announce_call(stage, opens_at)
    fast = next((track for track in stage.programme.tracks if track.decision == "verifier"), None)
    if fast is not None and f"{FAST}-1" not in known:
        _announce_rounds(stage, fast, opens_at)


def ask(stage: Stage) -> None:
    """A public question that is answered, and a question to the programme that waits."""
    applicant, now = stage.as_role("applicant"), stage.now()
    if CODE not in {call.code for call in call_queries.calls()} or call_queries.questions(CODE, applicant):
        return
    text = "한 기관에서 두 건을 신청할 수 있습니까? (시연) / May one organisation apply twice? (demonstration)"
    question = calls.ask(actor=applicant, now=now, code=CODE, text=text)
    answer = "네. 과제마다 따로 신청하십시오. (시연) / Yes, one application for each project. (demonstration)"
    manager = stage.as_role("programme manager")
    calls.answer(actor=manager, now=now, code=CODE, question_id=question, text=answer)
    if not message_queries.support_list(applicant).exists() and stage.programme.support:
        topic = next(one for one in stage.programme.support if one.answered_by == "programme")
        messages.ask_support(
            actor=applicant,
            now=now,
            topic=topic.code,
            title="사용 시작을 한 달 늦출 수 있습니까? (시연)",
            text="장비 반입이 늦어지고 있습니다. (시연)",
        )


def _announce_call(stage: Stage, opens_at: datetime) -> None:
    manager, now = stage.as_role("programme manager"), stage.now()
    track = stage.programme.track(stage.call.tracks[0])
    closes_at = opens_at + timedelta(days=OPEN_DAYS)
    decide_by = closes_at + timedelta(days=15)
    use_from = Month.of(decide_by, stage.programme.zone).plus(1)
    use_until = use_from.plus(max(6, track.months.min))
    if not (offered := _free(stage, track, use_from, use_until)):
        return  # every server is taken
    calls.compose(
        actor=manager,
        now=now,
        code=CODE,
        track=track.code,
        title=Text("신청해 볼 수 있는 시연용 공모", "A demonstration call you can apply to"),
        summary=Text(
            "지어낸 공모입니다. 신청자 계정으로 들어와 처음부터 끝까지 신청해 볼 수 있습니다.",
            "An invented call: sign in as the applicant and apply from beginning to end.",
        ),
        opens_at=opens_at,
        closes_at=closes_at,
        decide_by=decide_by,
        use_from=use_from.period(stage.programme.zone).start,
        use_until=use_until.period(stage.programme.zone).start,
        offered=offered,
        questions=QUESTIONS,
        is_synthetic=True,
    )
    calls.announce(actor=manager, now=now, code=CODE)


def _announce_rounds(stage: Stage, track: Track, opens_at: datetime) -> None:
    manager, now = stage.as_role("programme manager"), stage.now()
    first = Month.of(opens_at, stage.programme.zone).plus(1)
    use_until = first.plus(4)
    if not (offered := _free(stage, track, first, use_until)):
        return
    calls.compose_rounds(
        actor=manager,
        now=now,
        code=FAST,
        track=track.code,
        title=Text("시연용 신속 지원", "Demonstration fast track"),
        opens_at=opens_at,
        closes_at=opens_at + timedelta(days=7 * ROUNDS),
        use_until=use_until.period(stage.programme.zone).start,
        every_days=7,
        decision_days=track.rolling.decision_days if track.rolling else 1,
        offered=offered,
        is_synthetic=True,
    )
    calls.announce_rounds(actor=manager, now=now, series=FAST)


def _free(stage: Stage, track: Track, first: Month, end: Month) -> dict[str, int]:
    """Of each cluster the track may offer, the nodes free in all months, where they are enough for one application."""
    months = [first.plus(offset) for offset in range(end.minus(first))]
    found = {}
    for cluster in stage.programme.government_clusters:
        limit = track.limit(cluster.gpu_model)
        nodes = min(fleet.free_per_month(cluster.code, months).values())
        if limit is not None and nodes >= limit.min_nodes:
            found[cluster.code] = nodes
    return found
