"""Which awards a rule counts, for all applications and clusters at once: facts as numbers, rules as masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dure.decide.planning.problem import APPLICATION_FACTS, Application, Cluster, Policy, Selector

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Reach:
    """The facts of some applications and clusters, each fact coded when it is first asked for."""

    def __init__(self, applications: Sequence[Application], clusters: Sequence[Cluster]) -> None:
        self.applications, self.clusters = applications, clusters
        self._coded: dict[str, tuple[Ints, dict[str, int]]] = {}

    def words(self, policy: Policy) -> list[str]:
        """The values of the rule's `each` that occur, in order; one empty word for a rule without."""
        return sorted(self._codes(policy.each)[1]) if policy.each else [""]

    def matched(self, policy: Policy) -> Flags:
        """[application, cluster]: whether such an award counts in the rule."""
        found = self._holds(policy.match)
        return found & ~self._holds(policy.exclude) if policy.exclude else found

    def word(self, policy: Policy) -> Ints:
        """[application, cluster]: which of `words` such an award counts under."""
        found = np.zeros((len(self.applications), len(self.clusters)), dtype=np.int64)
        if not policy.each:
            return found
        codes, index = self._codes(policy.each)
        place = np.zeros(max(1, len(index)), dtype=np.int64)
        for at, word in enumerate(sorted(index)):
            place[index[word]] = at
        found[:] = place[codes][:, None] if policy.each in APPLICATION_FACTS else place[codes][None, :]
        return found

    def _holds(self, selector: Selector) -> Flags:
        """[application, cluster]: whether every fact is among the selector's words."""
        mine = np.ones(len(self.applications), dtype=np.bool_)
        theirs = np.ones(len(self.clusters), dtype=np.bool_)
        for name, words in selector.items():
            codes, index = self._codes(name)
            is_named = np.zeros(max(1, len(index)), dtype=np.bool_)
            is_named[[index[word] for word in words if word in index]] = True
            if name in APPLICATION_FACTS:
                mine &= is_named[codes]
            else:
                theirs &= is_named[codes]
        return np.asarray(mine[:, None] & theirs[None, :])

    def _codes(self, name: str) -> tuple[Ints, dict[str, int]]:
        """The number of each application's (or cluster's) word of a fact, and the number of every word."""
        if name not in self._coded:
            if name in APPLICATION_FACTS:
                found = [one.fact(name) for one in self.applications]
            else:
                found = [one.code if name == "cluster" else str(getattr(one, name)) for one in self.clusters]
            index: dict[str, int] = {}
            codes = [index.setdefault(word, len(index)) for word in found]
            self._coded[name] = np.array(codes, dtype=np.int64), index
        return self._coded[name]
