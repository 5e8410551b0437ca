"""From reviewers' points to the score that decides, in tenths of a point and without floats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import prod

from dure.core.errors import Mistake
from dure.core.text import Text
from dure.programme.competition import Rubric, Scale

TRIM_FROM = 4  # with fewer totals a trimmed mean would drop half of them or more


@dataclass(frozen=True, slots=True)
class Score:
    """The score of an application: None until there is a review; `totals` are the reviewers', in tenths."""

    tenths: int | None
    totals: tuple[int, ...]

    @property
    def reviewers(self) -> int:
        """How many reviews it is made of."""
        return len(self.totals)

    @property
    def spread_tenths(self) -> int:
        """Highest total less lowest; 0 without reviews."""
        return max(self.totals) - min(self.totals) if self.totals else 0


def points(tenths: int | None) -> str:
    """Tenths of a point as people write points: 735 is 73.5, 800 is 80; nothing for None."""
    if tenths is None:
        return ""
    whole, rest = divmod(abs(tenths), 10)
    return f"{'-' if tenths < 0 else ''}{whole}{f'.{rest}' if rest else ''}"


def points_in_tenths(rubric: Rubric, points: Mapping[str, object]) -> tuple[dict[str, int], list[Mistake]]:
    """`points` per criterion as tenths, and what is wrong with them.

    A criterion left out is no mistake here (a draft may lack it); see `missing`.
    """
    found: dict[str, int] = {}
    mistakes = []
    known = {criterion.code: criterion for criterion in rubric.criteria}
    for code, given in points.items():
        if code not in known:
            mistakes.append(
                Mistake(f"points.{code}", Text("평가표에 없는 항목입니다.", "The rubric has no such criterion."))
            )
            continue
        value = tenths(given)
        most = known[code].weight * 10
        if value is None or not 0 <= value <= most or value % rubric.scale.step_tenths:
            mistakes.append(_out_of_scale(code, known[code].weight, rubric.scale))
        else:
            found[code] = value
    return found, mistakes


def missing(rubric: Rubric, tenths: Mapping[str, int]) -> list[Mistake]:
    """A mistake for every criterion without points."""
    return [
        Mistake(
            f"points.{criterion.code}",
            Text("{name} 점수가 없습니다.", "No points for {name}.").format(name=criterion.name),
            Text(f"0점에서 {criterion.weight}점 사이로 매기십시오.", f"Give 0 to {criterion.weight} points."),
        )
        for criterion in rubric.criteria
        if criterion.code not in tenths
    ]


def reweighed(rubric: Rubric, tenths: Mapping[str, int], weights: Mapping[str, int]) -> int:
    """A review's total in tenths had its criteria weighed `weights` (points) instead of the rubric's.

    Each criterion keeps the share of its points that the reviewer gave; rounded half up once, at the end.
    """
    whole = prod(criterion.weight for criterion in rubric.criteria)
    total = sum(tenths[c.code] * weights.get(c.code, c.weight) * (whole // c.weight) for c in rubric.criteria)
    return (2 * total + whole) // (2 * whole)


def combine(totals: Iterable[int], scale: Scale) -> Score:
    """The reviewers' totals as one score: their mean, rounded half up to a tenth.

    A trimmed mean leaves out one highest and one lowest once there are TRIM_FROM totals.
    """
    all_totals: Sequence[int] = sorted(totals)
    counted = all_totals
    if scale.combine == "trimmed_mean" and len(all_totals) >= TRIM_FROM:
        counted = all_totals[1:-1]
    if not counted:
        return Score(None, ())
    return Score((2 * sum(counted) + len(counted)) // (2 * len(counted)), tuple(all_totals))


def with_interview(review_tenths: int | None, interview_tenths: int, percent: int) -> int:
    """The score with the interview's share of `percent` in it, rounded half up to a tenth."""
    review = interview_tenths if review_tenths is None else review_tenths
    return ((100 - percent) * review + percent * interview_tenths + 50) // 100


def tenths(given: object) -> int | None:
    """Points as people write them (a whole number, or text such as "7.5") in tenths; None for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | str | Decimal):
        return None
    try:
        scaled = Decimal(str(given).strip()) * 10
    except InvalidOperation:
        return None
    return int(scaled) if scaled.is_finite() and scaled == scaled.to_integral_value() else None


def _out_of_scale(code: str, weight: int, scale: Scale) -> Mistake:
    step = f"{Decimal(scale.step_tenths) / 10:f}"
    return Mistake(
        f"points.{code}",
        Text("매길 수 없는 점수입니다.", "These points cannot be given."),
        Text(f"0점에서 {weight}점까지 {step}점 단위로 매기십시오.", f"Give 0 to {weight} in steps of {step}."),
    )
