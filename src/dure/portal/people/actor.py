"""Who is asking: the one value that operations and queries take to decide what may be done and seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from dure.core.errors import NotPermitted


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a loop, an agent or nobody, with what they may do.

    `roles` are programme roles; `organisations` the ids of organisations the person is an active member of,
    `headed` those they head; `providers` the provider codes they speak for, `ministries` those they nominate for.
    """

    name: str
    user_id: int | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    organisations: frozenset[int] = field(default_factory=frozenset)
    headed: frozenset[int] = field(default_factory=frozenset)
    providers: frozenset[str] = field(default_factory=frozenset)
    ministries: frozenset[str] = field(default_factory=frozenset)
    is_system: bool = False

    @property
    def is_programme_manager(self) -> bool:
        """Runs calls, plans and awards."""
        return "programme_manager" in self.roles

    @property
    def is_reviewer(self) -> bool:
        """Scores proposals."""
        return "reviewer" in self.roles

    @property
    def is_finance(self) -> bool:
        """Closes months and settles invoices."""
        return "finance" in self.roles

    @property
    def is_auditor(self) -> bool:
        """Reads everything, changes nothing."""
        return "auditor" in self.roles

    @property
    def may_oversee(self) -> bool:
        """May read all of the programme's records."""
        return self.is_system or self.is_programme_manager or self.is_auditor

    def speaks_for(self, provider: str) -> bool:
        """Whether this is somebody of that provider."""
        return provider in self.providers

    def require(self, allowed: bool) -> None:
        """Raise NotPermitted unless `allowed`."""
        if not allowed:
            raise NotPermitted(internal=f"{self.name} may not")

    def __str__(self) -> str:
        return self.name


NOBODY = Actor("nobody")


def system(name: str) -> Actor:
    """A loop or a command of the portal itself, for example "loop:plan"."""
    return Actor(name, is_system=True)
