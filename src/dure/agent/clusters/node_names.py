"""What the portal calls a node and what its site calls it, where the two differ."""

from __future__ import annotations

from collections.abc import Iterable

from dure.agent.clusters.hostlist import expand


class NodeNames:
    """Two host lists of the same length, paired in order; without a second list both sides say the same.

    A name in neither list stays as it is: it belongs to somebody else, and is shown as its site calls it.
    """

    def __init__(self, portal: str | None, site: str | None) -> None:
        ours, theirs = ([], []) if portal is None or site is None else (expand(portal), expand(site))
        if len(ours) != len(theirs):
            raise ValueError(f"{len(ours)} names at the portal, {len(theirs)} at the site")
        for what, names in (("portal", ours), ("site", theirs)):
            if len(set(names)) != len(names):
                raise ValueError(f"a node of the {what} is named twice")
        self._to_site = dict(zip(ours, theirs, strict=True))
        self._to_portal = dict(zip(theirs, ours, strict=True))

    def at_site(self, name: str) -> str:
        """The site's name of a node the portal speaks of."""
        return self._to_site.get(name, name)

    def at_portal(self, name: str) -> str:
        """The portal's name of a node the site speaks of."""
        return self._to_portal.get(name, name)

    def all_at_site(self, names: Iterable[str]) -> tuple[str, ...]:
        """`at_site` of each, sorted."""
        return tuple(sorted(map(self.at_site, names)))

    def all_at_portal(self, names: Iterable[str]) -> tuple[str, ...]:
        """`at_portal` of each, sorted."""
        return tuple(sorted(map(self.at_portal, names)))
