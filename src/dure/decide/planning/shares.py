"""Whether floors and reserves can all be reached: the rules alone, put to every kind of applicant there could be.

A kind is a combination of words (class, region, track, …) that occur in the problem or its rules; kinds that no rule
tells apart are one. A floor is written as the cap on everybody else; what it promises is that those it does not count
can have the rest: supply less cap. All promises hold at once if some amounts of use per kind and cluster stay within
supply and every cap and give each promise its share. That is a small linear programme.

Counted are hard rules in node-slots over the whole calendar that are not one row per organisation or application: the
others speak of single applicants or moments, and bind no share as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from dure.decide.planning import highs
from dure.decide.planning.problem import APPLICATION_FACTS, Cluster, Policy, Problem, Selector

PROMISING = ("class-floor", "region-floor", "reserve")
"""Kinds of rules that promise the rest of the supply to those they do not count."""

Kind = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A kind of applicant on a group of like clusters."""

    kind: Kind
    group: int


class Shares:
    """The rules of a problem that bind shares, and what use could be made of its supply."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.policies = [one for one in problem.policies if _binds_shares(problem, one)]
        self._groups = self._like_clusters()
        self._supply = [sum(sum(one.capacity) for one in group) for group in self._groups]
        self._cells = [_Cell(kind, group) for kind in self._kinds() for group in range(len(self._groups))]

    def may_all_hold(self, chosen: Iterable[int]) -> bool:
        """Whether the caps and promises of these rules (numbers of `policies`) can be kept together."""
        rows: list[tuple[list[int], int | None, int | None]] = []
        for group, supply in enumerate(self._supply):
            rows.append(([at for at, cell in enumerate(self._cells) if cell.group == group], None, supply))
        for index in chosen:
            policy = self.policies[index]
            for word in self._each(policy):
                rows.extend(self._rows(policy, word))
        return highs.has_amounts(len(self._cells), rows)

    def _rows(self, policy: Policy, word: str) -> list[tuple[list[int], int | None, int | None]]:
        """The cap of a rule, and its promise where it makes one to anybody."""
        cap = policy.overrides.get(word, policy.caps)[0]
        counted = [at for at, cell in enumerate(self._cells) if self._counts(policy, word, cell)]
        rows: list[tuple[list[int], int | None, int | None]] = [(counted, None, cap)]
        scope = {self._cells[at].group for at in counted} | self._open_to_strangers(policy, word)
        others = [at for at, cell in enumerate(self._cells) if cell.group in scope and at not in set(counted)]
        promised = sum(self._supply[group] for group in scope) - cap
        if policy.kind in PROMISING and others and promised > 0:
            rows.append((others, promised, None))
        return rows

    def _open_to_strangers(self, policy: Policy, word: str) -> set[int]:
        """Where the rule would count somebody of no word it knows: a floor for everybody there is counts nobody."""
        stranger = dict.fromkeys(self._cells[0].kind, "") if self._cells else {}
        return {group for group in range(len(self._groups)) if self._counts(policy, word, _Cell(stranger, group))}

    def _counts(self, policy: Policy, word: str, cell: _Cell) -> bool:
        cluster = self._groups[cell.group][0]
        if policy.each and _word(policy.each, cell.kind, cluster) != word:
            return False
        return _holds(policy.match, cell.kind, cluster) and not (
            policy.exclude and _holds(policy.exclude, cell.kind, cluster)
        )

    def _each(self, policy: Policy) -> list[str]:
        """The words a rule has a row for."""
        if not policy.each:
            return [""]
        return sorted({_word(policy.each, cell.kind, self._groups[cell.group][0]) for cell in self._cells})

    def _like_clusters(self) -> list[list[Cluster]]:
        """Clusters that no rule tells apart, together."""
        groups: dict[tuple[object, ...], list[Cluster]] = {}
        for cluster in self.problem.clusters:
            key = tuple(
                cluster_word(name, cluster) if policy.each == name else cluster_word(name, cluster) in words
                for policy in self.policies
                for name, words in _named(policy)
                if name not in APPLICATION_FACTS
            )
            groups.setdefault(key, []).append(cluster)
        return list(groups.values())

    def _kinds(self) -> list[Kind]:
        """Every combination of words, one for those that no rule tells apart."""
        facts = sorted({name for policy in self.policies for name, _ in _named(policy) if name in APPLICATION_FACTS})
        return [dict(zip(facts, words, strict=True)) for words in product(*(self._unlike(name) for name in facts))]

    def _unlike(self, name: str) -> list[str]:
        """One word of each group of words of a fact that rules treat alike."""
        selectors = [(policy, words) for policy in self.policies for one, words in _named(policy) if one == name]
        found: dict[tuple[object, ...], str] = {}
        known = {application.fact(name) for application in self.problem.applications}
        for word in sorted(known.union(*(words for _, words in selectors))):
            key = tuple(word if policy.each == name else word in words for policy, words in selectors)
            found.setdefault(key, word)
        return list(found.values())


def _binds_shares(problem: Problem, policy: Policy) -> bool:
    is_whole = policy.first_slot == 0 and policy.end_slot == problem.calendar.slots and not policy.by_slot
    return (
        policy.price is None
        and policy.measure == "node_slots"
        and is_whole
        and policy.each not in ("organisation", "application")
    )


def _named(policy: Policy) -> list[tuple[str, tuple[str, ...]]]:
    """Every fact a rule looks at, with the words it names."""
    named = [*policy.match.items(), *policy.exclude.items()]
    return [*named, (policy.each, ())] if policy.each else named


def _word(name: str, kind: Kind, cluster: Cluster) -> str:
    return kind[name] if name in kind else cluster_word(name, cluster)


def cluster_word(name: str, cluster: Cluster) -> str:
    """The word of a fact of clusters."""
    return cluster.code if name == "cluster" else str(getattr(cluster, name))


def _holds(selector: Selector, kind: Kind, cluster: Cluster) -> bool:
    return all(_word(name, kind, cluster) in words for name, words in selector.items())
