"""How many GPUs an applicant needs: the estimate, sizes within the call's limits that would do, what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide import estimator, pricing
from dure.decide.estimator import Assumption, Bounds, Estimate, Need, Suggestion
from dure.decide.pricing import Charge
from dure.decide.published_runs import RUNS
from dure.portal.calls import facts
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.programme.competition import Limit


@dataclass(frozen=True)
class Size:
    """Servers for months: what `suggestion` says, and what the whole of it costs; won."""

    suggestion: Suggestion
    cost: Charge


@dataclass(frozen=True)
class Accuracy:
    """Of so many published training runs, so many are met within a factor of two."""

    within: int
    runs: int


@dataclass(frozen=True)
class Sized:
    """The answer: the estimate, the GPU model's code and limits in this call, sizes with their cost.

    `is_checked` says whether estimates of this kind of work were compared with published figures.
    """

    estimate: Estimate
    gpu_model: str
    bounds: Bounds
    sizes: Sequence[Size]
    accuracy: Accuracy
    is_checked: bool

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What the estimate rests on, and what the sizes do."""
        hours, percent = estimator.HOURS_PER_MONTH, estimator.AVAILABLE_PERMILLE // 10
        return (*self.estimate.assumptions, Assumption(_USABLE.format(hours=hours, percent=percent)))

    @property
    def least_nodes(self) -> int:
        """The servers that hold the model at once."""
        return -(-self.estimate.least_gpus // self.bounds.gpus_per_node)

    @property
    def is_enough(self) -> bool:
        """Whether any size within the limits covers the typical estimate."""
        return any(size.suggestion.covers_typical for size in self.sizes)


def gpu_models(call: CallView) -> list[tuple[str, str]]:
    """Code and name of the GPU models on offer that can be estimated for."""
    return [(m, programmes.current().gpu_model(m).name) for m in facts.offered_models(call) if _limit(call, m)]


def size(call: CallView, need: Need, applicant_class: str, is_youth: bool) -> Sized:
    """What `need` takes in this call, and its cost for such an applicant. Raises InvalidInput."""
    limit = _limit(call, need.gpu)
    mistakes = _mistakes(call, need, applicant_class)
    if limit is None or mistakes:
        raise InvalidInput(mistakes)
    found = estimator.estimate(need)
    bounds = _bounds(call, limit)
    programme, sizes = programmes.current(), []
    for one in estimator.suggest(found, bounds):
        cost = pricing.estimate(
            programme,
            gpu_model=need.gpu,
            applicant_class=applicant_class,
            is_youth=is_youth,
            nodes=one.nodes,
            months=one.months,
        ).whole
        sizes.append(Size(one, cost))
    return Sized(found, need.gpu, bounds, sizes, accuracy(), need.kind != "inference")


@lru_cache(maxsize=1)
def accuracy() -> Accuracy:
    """Published training runs estimated as an applicant would, and how many come within a factor of two."""
    within = 0
    for run in RUNS:
        typical = estimator.estimate(Need("training", run.parameters, run.tokens, run.gpu)).hours.typical
        within += run.gpu_hours <= 2 * typical and typical <= 2 * run.gpu_hours
    return Accuracy(within, len(RUNS))


def _limit(call: CallView, model: str) -> Limit | None:
    is_there = model in facts.offered_models(call) and estimator.gpu(model) is not None
    return call.rules.limit(model) if is_there else None


def _bounds(call: CallView, limit: Limit) -> Bounds:
    """The track's limits, and never more nodes than one cluster offers nor more months than the call has."""
    terms, months = call.terms, call.rules.months
    clusters = [programmes.current().cluster(code) for code in call.offered]
    return Bounds(
        gpus_per_node=min(c.gpus_per_node for c in clusters if c.gpu_model == limit.gpu_model),
        min_nodes=limit.min_nodes,
        max_nodes=min(limit.max_nodes, terms.offered[limit.gpu_model]),
        min_months=months.min,
        max_months=min(months.max, terms.use_until.minus(terms.use_from)),
    )


def _mistakes(call: CallView, need: Need, applicant_class: str) -> list[Mistake]:
    mistakes = []
    if _limit(call, need.gpu) is None:
        names = ", ".join(code for code, _name in gpu_models(call)) or "–"
        mistakes.append(Mistake("gpu", _NO_SUCH_GPU, _CHOOSE.format(choices=names)))
    if applicant_class not in call.rules.applicant_classes:
        names = ", ".join(call.rules.applicant_classes)
        mistakes.append(Mistake("applicant_class", _NO_SUCH_CLASS, _CHOOSE.format(choices=names)))
    if need.kind != "inference" and need.output_tokens:
        mistakes.append(Mistake("output_tokens", _WRITES_NOTHING, _LEAVE_EMPTY))
    if need.kind == "inference" and need.efficiency_percent is not None:
        mistakes.append(Mistake("efficiency_percent", _OWN_EFFICIENCY, _LEAVE_EMPTY))
    return mistakes


_USABLE = Text(
    "서버는 한 달 {hours}시간 가운데 {percent}%를 쓸 수 있다고 봅니다. 나머지는 준비와 대기, 점검에 듭니다.",
    "Of {hours} hours in a month {percent} % are taken as usable; the rest goes to setup, waiting and maintenance.",
)
_NO_SUCH_GPU = Text("이 공모에서 계산할 수 있는 GPU가 아닙니다.", "This call has no such GPU to estimate for.")
_NO_SUCH_CLASS = Text("이 공모에 신청할 수 있는 기관 유형이 아닙니다.", "This class of organisation may not apply.")
_CHOOSE = Text("다음에서 고르십시오: {choices}", "Choose one of: {choices}")
_WRITES_NOTHING = Text("만들어 내는 토큰은 추론에만 있습니다.", "Only inference writes tokens.")
_OWN_EFFICIENCY = Text("직접 입력한 효율은 학습에만 쓸 수 있습니다.", "Your own efficiency applies to training only.")
_LEAVE_EMPTY = Text("이 칸을 비우십시오.", "Leave this empty.")
