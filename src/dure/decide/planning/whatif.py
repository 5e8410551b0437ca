"""What else would have fitted beside a plan: the largest size at any cluster and start, for any application.

Rows of the model are the same as in the plan's own problem; every offer is verified by building the changed
application's column anew and inserting it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dure.decide.planning.kernels import ENDLESS, Work
from dure.decide.planning.model import Ints, Model, build, is_matched, row_word
from dure.decide.planning.problem import Application, Option, Policy


@dataclass(frozen=True, slots=True)
class Offer:
    """A changed request that fits beside the plan: `kind` is fewer_nodes, later_start, other_cluster or shorter."""

    application: str
    kind: str
    cluster: str
    start: int
    nodes: int
    duration: int


class Room:
    """What a plan leaves, and the largest size a request could have had."""

    def __init__(self, model: Model, work: Work) -> None:
        self.model, self.problem = model, model.problem
        self.left = {row.name: int(work.room[r]) for r, row in enumerate(model.rows)}
        slots = self.problem.calendar.slots
        self.free: Ints = work.room[: len(self.problem.clusters) * slots].reshape(-1, slots)
        self._windows: dict[int, Ints] = {}
        self._terms = {
            (application.applicant_class, application.youth, option.cluster): option
            for application in self.problem.applications
            for option in application.options
        }
        self.least: dict[str, int] = {}
        for application in self.problem.applications:
            for option in application.options:
                known = self.least.get(option.cluster, option.min_nodes)
                self.least[option.cluster] = min(known, option.min_nodes)

    def window(self, duration: int) -> Ints:
        """[cluster, start]: nodes free throughout `duration` slots from each start."""
        if duration not in self._windows:
            slots = self.problem.calendar.slots
            starts = slots - duration + 1
            found = self.free[:, :starts].copy()
            for shift in range(1, duration):
                np.minimum(found, self.free[:, shift : shift + starts], out=found)
            self._windows[duration] = found
        return self._windows[duration]

    def option(self, application: Application, code: str) -> Option | None:
        """The terms of `application` on cluster `code`: its own, or those others of its class have there."""
        own = next((option for option in application.options if option.cluster == code), None)
        if own is not None:
            return own
        terms = self._terms.get((application.applicant_class, application.youth, code))
        if terms is None or not application.options:
            return None
        size = application.options[0]
        most = min(size.max_nodes, terms.max_nodes)
        return replace(terms, min_nodes=min(size.min_nodes, most), max_nodes=most)

    def sizes(self, application: Application, option: Option, duration: int) -> Ints:
        """[start]: the largest size that fits at each start, by capacity and by every hard rule."""
        cluster = self.problem.cluster[option.cluster]
        found: Ints = self.window(duration)[self.problem.clusters.index(cluster)].copy()
        for policy in self.problem.policies:
            if policy.price is None and is_matched(policy, application, cluster):
                word = row_word(policy, application, cluster)
                np.minimum(found, self._most(policy, word, option, duration, len(found)), out=found)
        return found

    def _most(self, policy: Policy, word: str, option: Option, duration: int, starts: int) -> Ints:
        """[start]: the largest size one rule leaves room for."""
        name = f"{policy.name}/{word}" if word else policy.name
        unit = {"cost_won": option.cost_won, "fee_won": option.fee_won}.get(policy.measure, 1)
        begins = np.maximum(np.arange(starts), policy.first_slot)
        ends = np.minimum(np.arange(starts) + duration, policy.end_slot)
        inside = np.maximum(ends - begins, 0)
        if policy.by_slot:
            shift, end = policy.first_slot, policy.end_slot
            rooms = [self.left.get(f"{name}/{slot}", 0) // max(1, unit) for slot in range(shift, end)]
            return np.array(
                [
                    min(rooms[b - shift : max(b, e) - shift], default=ENDLESS)
                    for b, e in zip(begins.tolist(), ends.tolist(), strict=True)
                ],
                dtype=np.int64,
            )
        times = np.minimum(inside, 1) if policy.measure in ("nodes", "awards") else inside
        each = times * unit
        left = self.left.get(name, policy.caps[0])
        if policy.measure == "awards":
            return np.asarray(np.where((times > 0) & (left < 1), 0, ENDLESS), dtype=np.int64)
        most: Ints = np.where(each > 0, left // np.maximum(each, 1), ENDLESS)
        return most

    def offers(self, application: Application) -> Iterator[Offer]:
        """Changes that would have fitted beside the plan, the smallest of each kind, in the order to be offered."""
        last = min(application.latest, self.problem.calendar.slots - application.duration)
        own = [option for option in application.options if option.min_nodes <= option.max_nodes]
        yield from self._best(application, "fewer_nodes", own, application.earliest, last, application.duration)
        yield from self._best(
            application, "later_start", own, last + 1, self.problem.calendar.slots, application.duration
        )
        named = {option.cluster for option in application.options}
        others = [self.option(application, one.code) for one in self.problem.clusters if one.code not in named]
        found = [option for option in others if option is not None]
        yield from self._best(application, "other_cluster", found, application.earliest, last, application.duration)
        for duration in range(application.duration - 1, 0, -1):
            shorter = next(
                self._best(application, "shorter", own, application.earliest, application.latest, duration), None
            )
            if shorter is not None:
                yield shorter
                return

    def _best(
        self, application: Application, kind: str, options: Sequence[Option], first: int, last: int, duration: int
    ) -> Iterator[Offer]:
        """The offer of one kind that keeps most nodes, then the earliest start."""
        best: Offer | None = None
        for option in options:
            sizes = self.sizes(application, option, duration)[first : last + 1] if first <= last else np.zeros(0, int)
            least = self.least.get(option.cluster, 1) if kind == "fewer_nodes" else option.min_nodes
            most = option.min_nodes - 1 if kind == "fewer_nodes" else option.max_nodes
            usable = np.minimum(sizes, most)
            if not len(usable) or int(usable.max()) < least:
                continue
            at = int(usable.argmax())
            if best is None or int(usable[at]) > best.nodes:
                best = Offer(application.id, kind, option.cluster, first + at, int(usable[at]), duration)
        if best is not None:
            yield best


def verified(room: Room, offers: Sequence[Offer], applications: Mapping[str, Application]) -> list[bool]:
    """Whether each offer (one per application) fits beside the plan when its changed application is built anew."""
    changed = [_changed(room, offer, applications[offer.application]) for offer in offers]
    model = build(replace(room.problem, applications=tuple(changed)))
    place = {application.id: index for index, application in enumerate(model.applications)}
    return [_fits(room, model, place[offer.application]) for offer in offers]


def _changed(room: Room, offer: Offer, application: Application) -> Application:
    """The application as if it had asked for exactly the offer."""
    terms = room.option(application, offer.cluster)
    if terms is None:
        raise ValueError(f"{offer}: nobody of this class has terms on that cluster")
    return replace(
        application,
        options=(replace(terms, min_nodes=offer.nodes, max_nodes=offer.nodes),),
        duration=offer.duration,
        earliest=offer.start,
        latest=offer.start,
        fee_limit_won=None,
    )


def _fits(room: Room, model: Model, application: int) -> bool:
    column = int(model.first[application])
    if column == int(model.first[application + 1]):
        return False
    rows, amounts = model.uses(column)
    return all(
        amount <= room.left.get(model.rows[row].name, model.rows[row].cap)
        for row, amount in zip(rows.tolist(), amounts.tolist(), strict=True)
        if model.rows[row].price is None
    )
