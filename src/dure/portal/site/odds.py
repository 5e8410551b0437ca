"""What became of similar requests in past calls: a hint while applying, with how many it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from dure.core.text import Text
from dure.portal.applications import queries as applications
from dure.portal.applications.queries import ApplicationView
from dure.portal.awards import queries as awards
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.people.actor import system

READER = system("site")
FEWEST = 5  # below this a share would say more about chance than about the call


@dataclass(frozen=True)
class Odds:
    """Of `asked` admitted requests of one class, track and size (half to double) `awarded` were offered servers."""

    asked: int
    awarded: int
    low: int
    high: int
    calls: tuple[str, ...]
    is_synthetic: bool

    @property
    def is_enough(self) -> bool:
        """Whether there are enough to name a share."""
        return self.asked >= FEWEST

    @property
    def percent(self) -> int:
        """The share, in whole percent."""
        return (100 * self.awarded + self.asked // 2) // self.asked if self.asked else 0

    @property
    def caveat(self) -> Text:
        """What the share does not say."""
        return Text(
            "점수, 경쟁하는 신청, 남은 서버는 공모마다 다릅니다. 점수는 아직 알 수 없어 넣지 않았습니다.",
            "Scores, competition and servers left differ from call to call. Your score is not known and not counted.",
        )


def odds(call: CallView, view: ApplicationView) -> Odds | None:
    """Past requests like this draft; None while no size is typed or no call of the track has been decided."""
    nodes = view.draft.requested_nodes
    if nodes is None:
        return None
    past = [one for one in calls.calls(READER, ["decided"]) if one.track == call.track and one.code != call.code]
    if not past:
        return None
    low, high = max(1, -(-nodes // 2)), nodes * 2
    asked, awarded = 0, 0
    for one in past:
        offered = set(awards.awards(READER, call_code=one.code).values_list("number", flat=True))
        for number, size in applications.sizes(one.code, view.organisation.applicant_class):
            if low <= size <= high:
                asked += 1
                awarded += number in offered
    return Odds(asked, awarded, low, high, tuple(one.code for one in past), any(one.is_synthetic for one in past))
