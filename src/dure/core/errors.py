"""What can go wrong, as six kinds. Each carries a public text that says what to do next and an internal one for logs.

Nothing here knows HTTP; `dure.portal.errors` maps kinds to status codes in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dure.core.text import Text

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with an input: where, what, and what to do about it.

    `where` is a field name, a path ("tracks.regular.limits"), a line ("line 12") or a cell ("B7").
    """

    where: str
    what: Text
    remedy: Text = NOTHING

    def sentence(self, language: str) -> str:
        """What is wrong and the remedy, as one line."""
        return f"{self.what.in_(language)} {self.remedy.in_(language)}".strip()


class DureError(Exception):
    """Base of every error a person can meet."""

    default = Text("요청을 처리하지 못했습니다.", "The request could not be completed.")

    def __init__(self, public: Text | None = None, internal: str = "") -> None:
        self.public = public or self.default
        self.internal = internal
        super().__init__(internal or self.public.en)


class NotFound(DureError):
    """There is no such thing, or this person may not know of it."""

    default = Text(
        "찾으시는 항목이 없습니다. 주소를 확인하거나 목록에서 다시 선택해 주십시오.",
        "There is no such item. Check the address, or choose it again from the list.",
    )


class NotPermitted(DureError):
    """The person may know of it but may not do this."""

    default = Text(
        "이 작업을 할 권한이 없습니다. 다른 계정으로 로그인하거나 담당자에게 문의해 주십시오.",
        "You may not do this. Sign in with another account, or ask the person in charge.",
    )


class InvalidInput(DureError):
    """What was given cannot be used; `mistakes` says where and how to mend it."""

    default = Text("입력한 내용을 확인해 주십시오.", "Please check what you entered.")

    def __init__(self, mistakes: Sequence[Mistake] | Mistake, internal: str = "") -> None:
        self.mistakes = (mistakes,) if isinstance(mistakes, Mistake) else tuple(mistakes)
        first = self.mistakes[0] if self.mistakes else None
        public = Text(first.sentence("ko"), first.sentence("en")) if first else None
        places = ", ".join(m.where for m in self.mistakes)
        super().__init__(public, internal or f"invalid input at {places}: {public.en if public else ''}")


class IllegalTransition(DureError):
    """The thing is not in a state in which this can be done. Not a matter of permission."""

    def __init__(self, noun: str, state: str, event: str, public: Text | None = None) -> None:
        self.noun, self.state, self.event = noun, state, event
        super().__init__(
            public
            or Text(
                f"지금 상태({state})에서는 할 수 없는 작업입니다. 화면을 새로 고쳐 현재 상태를 확인해 주십시오.",
                f"This cannot be done while the {noun} is '{state}'. Reload the page to see its present state.",
            ),
            f"{noun}: no transition from {state!r} on {event!r}",
        )


class Stale(DureError):
    """Somebody else changed it first, or the sender speaks of an older world."""

    default = Text(
        "그사이 내용이 바뀌었습니다. 새로 고친 뒤 다시 시도해 주십시오.",
        "It was changed in the meantime. Reload and try again.",
    )


class InsufficientCapacity(DureError):
    """The nodes asked for are not free for the whole period."""

    default = Text(
        "그 기간에 비어 있는 서버가 부족합니다. 서버 수를 줄이거나 시작일을 늦춰 주십시오.",
        "Too few servers are free for that period. Ask for fewer, or start later.",
    )
