"""Writing the tables of an import through the chapters' own operations: everything, or nothing and why not.

What is tried and rolled back is the preview; what is tried and kept is the import. Doing it again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.identifiers import is_email
from dure.portal.applications import content as contents
from dure.portal.applications import operations as applications
from dure.portal.applications.operations import Brought
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.people import operations as people
from dure.portal.people import queries as persons
from dure.portal.people.actor import Actor
from dure.portal.reviews import operations as reviews
from dure.portal.reviews import queries as reviewing
from dure.portal.site.importing.sheets import SHEETS, CellMistake, Row, Sheet

_COLUMN_OF = {
    "title.ko": "title",
    "title.en": "title_en",
    "models": "gpu_models",
    "applicant_class": "applicant_class",
    "organisation": "organisation",
}
_CHECK = Text("값을 확인하십시오.", "Check the value.")
_NO_SUCH = Text("이 번호의 신청이 없습니다.", "There is no application with this number.")


@dataclass
class Outcome:
    """What an import did or would do: new and unchanged rows by sheet, mistakes by cell, what waits for later."""

    new: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    mistakes: list[CellMistake] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.mistakes

    @property
    def counts(self) -> list[tuple[str, int, int]]:
        """Sheet, new rows, rows that are there already; in the order of the story."""
        return [(name, self.new[name], self.unchanged.get(name, 0)) for name in SHEETS if name in self.new]


class _Undone(Exception):
    """Rolls back what was only tried."""


def preview(*, actor: Actor, now: datetime, call_code: str, sheets: Mapping[str, Sheet]) -> Outcome:
    """What `take_over` would do; nothing stays written. Raises NotPermitted, NotFound."""
    outcome = Outcome()
    try:
        with transaction.atomic():
            _Taking(actor, now, call_code, sheets, outcome).all()
            raise _Undone
    except _Undone:
        return outcome


def take_over(*, actor: Actor, now: datetime, call_code: str, sheets: Mapping[str, Sheet]) -> Outcome:
    """Write everything, or nothing when the outcome names a mistake. Raises NotPermitted, NotFound."""
    outcome = Outcome()
    try:
        with transaction.atomic():
            _Taking(actor, now, call_code, sheets, outcome).all()
            if not outcome.is_right:
                raise _Undone
    except _Undone:
        pass
    return outcome


class _Taking:
    """One import under way."""

    def __init__(
        self, actor: Actor, now: datetime, call_code: str, sheets: Mapping[str, Sheet], outcome: Outcome
    ) -> None:
        actor.require(actor.is_programme_manager or actor.is_system)
        self.actor, self.now, self.sheets, self.outcome = actor, now, sheets, outcome
        self.call: CallView = calls.call(call_code, actor)

    def all(self) -> None:
        """Sheet by sheet; a mistake does not hide those of later rows."""
        steps: dict[str, Callable[[Sheet], None]] = {
            "organisations": self.organisations,
            "applications": self.applications,
            "reviewers": self.reviewers,
            "scores": self.scores,
        }
        for name, step in steps.items():
            if name in self.sheets:
                self.outcome.new[name] = self.outcome.unchanged[name] = 0
                step(self.sheets[name])

    def organisations(self, sheet: Sheet) -> None:
        """Each with the account of its head; one that is there must say the same."""
        for row in sheet.rows:
            with self.at(sheet, row):
                self.organisation(row.cells)

    def organisation(self, cells: dict[str, str]) -> None:
        """One organisation, verified where the table says so."""
        said = {name: cells.get(name, "") for name in ("name", "name_en", "applicant_class", "region")}
        said |= {"registration_number": cells.get("registration_number", "")}
        is_youth = _yes(cells.get("is_youth", ""), "is_youth")
        is_verified = _yes(cells.get("verified", ""), "verified")
        try:
            there = persons.organisation_of_code(cells["code"].lower())
        except NotFound:
            head = self.person(cells["head_email"], cells["head_name"], "head_email")
            made = people.found_organisation(
                actor=persons.actor_by_email(head),
                now=self.now,
                code=cells["code"],
                is_youth=is_youth,
                is_synthetic=self.call.is_synthetic,
                **said,
            )
            if is_verified:
                people.verify_organisation(actor=self.actor, now=self.now, organisation_id=made)
            self.outcome.new["organisations"] += 1
            return
        differing = [name for name in ("name", "applicant_class", "region") if getattr(there, name) != said[name]]
        if differing:
            what = Text(
                "이 코드의 기관이 다른 값으로 이미 있습니다.", "This code is there already, with another value."
            )
            remedy = Text("같은 값을 적거나 다른 코드를 쓰십시오.", "Give the same value, or use another code.")
            raise InvalidInput([Mistake(name, what, remedy) for name in differing])
        self.outcome.unchanged["organisations"] += 1

    def person(self, email: str, name: str, where: str) -> str:
        """The address of an account, made where there is none; it gets a password by mail when its owner asks."""
        if not is_email(email):
            raise InvalidInput(Mistake(where, Text("이메일 주소가 아닙니다.", "Not an e-mail address."), _CHECK))
        people.add_person(email=email, name=name, is_verified=True, is_synthetic=self.call.is_synthetic, now=self.now)
        return email.lower()

    def applications(self, sheet: Sheet) -> None:
        """All of them with their teams, sealed in one go."""
        teams, brought, lines = self.teams(), list[Brought](), list[Row]()
        numbers = [row.cells.get("number", "") for row in sheet.rows]
        for row in sheet.rows:
            with self.at(sheet, row):
                if numbers.count(row.cells["number"]) > 1:
                    what = Text("같은 번호가 두 번 있습니다.", "The number is there twice.")
                    raise InvalidInput(Mistake("number", what, Text("한 줄만 남기십시오.", "Keep one row.")))
                brought.append(self.application(row.cells, teams.get(row.cells["number"], [])))
                lines.append(row)
        try:
            new, there = applications.bring(actor=self.actor, now=self.now, call_code=self.call.code, rows=brought)
        except InvalidInput as error:
            self.spread(sheet, lines, error)
            return
        self.outcome.new["applications"], self.outcome.unchanged["applications"] = new, there

    def application(self, cells: dict[str, str], team: list[dict[str, str]]) -> Brought:
        """One application; its content is read as strictly as what is typed here."""
        try:
            organisation = persons.organisation_of_code(cells["organisation"].lower())
        except NotFound:
            what = Text("이 코드의 기관이 없습니다.", "There is no organisation with this code.")
            remedy = Text("organisations 시트에 더하십시오.", "Add it to the sheet organisations.")
            raise InvalidInput(Mistake("organisation", what, remedy)) from None
        lead = self.person(cells["lead_email"], cells["lead_name"], "lead_email")
        leader = persons.actor_by_email(lead)
        if organisation.id not in leader.organisations:  # else the lead could not see it
            asked = people.request_membership(actor=leader, now=self.now, organisation_id=organisation.id)
            people.approve_membership(actor=self.actor, now=self.now, membership_id=asked)
        member = {"name": cells["lead_name"], "email": lead, "affiliation": organisation.name, "role": "lead"}
        return Brought(
            cells["number"],
            organisation.id,
            leader.user_id or 0,
            contents.read(self.content(cells, team if any(one["role"] == "lead" for one in team) else [member, *team])),
            _instant(cells["submitted_at"]),
        )

    def content(self, cells: dict[str, str], team: list[dict[str, str]]) -> dict[str, Any]:
        """The row as the JSON of a content."""
        agreed = _yes(cells["consents"], "consents")
        return {
            "title": {"ko": cells["title"], "en": cells.get("title_en", "")},
            "summary": cells["summary"],
            "plan": {name: cells.get(name, "") for name in contents.PLAN_SECTIONS},
            "field": cells["field"],
            "keywords": _parts(cells["keywords"]),
            "models": [_wish(part) for part in _parts(cells["gpu_models"])],
            "requested_nodes": _whole(cells["requested_nodes"], "requested_nodes"),
            "min_nodes": _whole(cells.get("min_nodes", ""), "min_nodes") or None,
            "months": _whole(cells["months"], "months"),
            "earliest_start": cells["earliest_start"][:7],
            "latest_start": cells["latest_start"][:7],
            "answers": self.answers(cells),
            "team": team,
            "consents": dict.fromkeys(("privacy", "duties", "truth"), agreed),
        }

    def answers(self, cells: dict[str, str]) -> dict[str, Any]:
        """Answers to the call's questions, each as its question wants it."""
        found: dict[str, Any] = {}
        for question in self.call.form:
            where = f"answer:{question.code}"
            if not (text := cells.get(where, "")):
                continue
            if question.type == "yes_no":
                found[question.code] = _yes(text, where)
            elif question.type == "number":
                found[question.code] = _whole(text, where)
            else:
                found[question.code] = _parts(text) if question.type == "choices" else text
        return found

    def teams(self) -> dict[str, list[dict[str, str]]]:
        """Further members by number of their application."""
        found: dict[str, list[dict[str, str]]] = {}
        sheet = self.sheets.get("team")
        known = {row.cells.get("number") for row in self.sheets["applications"].rows}
        for row in sheet.rows if sheet else ():
            number, role = row.cells["application"], row.cells.get("role") or "member"
            if number not in known:
                self.wrong(sheet, row, "application", _NO_SUCH, _CHECK)
            if role not in ("member", "adviser", "lead"):
                what = Text("모르는 역할입니다.", "Not a known role.")
                self.wrong(
                    sheet,
                    row,
                    "role",
                    what,
                    Text("member, adviser, lead 가운데 적으십시오.", "Write member, adviser or lead."),
                )
                continue
            member = {name: row.cells.get(name, "") for name in ("name", "email", "affiliation")}
            found.setdefault(number, []).append(member | {"role": role})
        return found

    def reviewers(self, sheet: Sheet) -> None:
        """Each into the pool; who is there already keeps what is known of them."""
        there = {view.email for view in reviewing.reviewers(self.actor)}
        for row in sheet.rows:
            with self.at(sheet, row):
                if row.cells["email"].lower() in there:
                    self.outcome.unchanged["reviewers"] += 1
                    continue
                email = self.person(row.cells["email"], row.cells["name"], "email")
                reviews.add_reviewer(
                    actor=self.actor,
                    now=self.now,
                    user_id=persons.actor_by_email(email).user_id or 0,
                    affiliation=row.cells["affiliation"],
                    former_affiliations=_parts(row.cells.get("former_affiliations", "")),
                    keywords=_parts(row.cells["keywords"]),
                    load_limit=_whole(row.cells.get("load_limit", "") or "30", "load_limit"),
                    is_synthetic=self.call.is_synthetic,
                )
                there.add(email)
                self.outcome.new["reviewers"] += 1

    def scores(self, sheet: Sheet) -> None:
        """Assign whoever scored and take over the scores, while the call is under review; earlier they wait."""
        if self.call.state != "reviewing":
            self.outcome.notes.append(
                Text(
                    f"점수 {len(sheet.rows)}줄은 아직 가져오지 않습니다. 평가를 시작한 뒤 같은 파일을 다시 올리십시오.",
                    f"{len(sheet.rows)} scores wait: upload the same file again once review has begun.",
                )
            )
            return
        by_email = {view.email: view.user_id for view in reviewing.reviewers(self.actor)}
        seats = {(seat.number, seat.reviewer_id): seat for seat in reviewing.progress(self.call.code, self.actor).seats}
        judges = {view.email: view.id for view in reviewing.reviewers(self.actor)}
        rows, pairs = list[tuple[Row, reviews.ScoreRow]](), list[tuple[str, int]]()
        for row in sheet.rows:
            with self.at(sheet, row):
                score = self.score(row.cells, by_email)
                seat = seats.get((score.number, judges[row.cells["reviewer"].lower()]))
                if seat is not None and seat.state == "submitted":
                    self.outcome.unchanged["scores"] += 1
                    continue
                if seat is None:
                    pairs.append((score.number, score.user_id))
                rows.append((row, score))
        self.write_scores(sheet, rows, pairs)

    def score(self, cells: dict[str, str], by_email: Mapping[str, int]) -> reviews.ScoreRow:
        """One review; points by the codes of the rubric's criteria."""
        if cells["reviewer"].lower() not in by_email:
            what = Text("평가위원으로 등록되지 않은 이메일입니다.", "This address is no reviewer's.")
            remedy = Text("reviewers 시트에 더하십시오.", "Add it to the sheet reviewers.")
            raise InvalidInput(Mistake("reviewer", what, remedy))
        points = {criterion.code: cells.get(f"points:{criterion.code}", "") for criterion in self.call.rubric.criteria}
        said = {name: cells.get(name, "") for name in ("to_applicant", "to_panel")}
        return reviews.ScoreRow(cells["application"], by_email[cells["reviewer"].lower()], points, **said)

    def write_scores(
        self, sheet: Sheet, rows: list[tuple[Row, reviews.ScoreRow]], pairs: list[tuple[str, int]]
    ) -> None:
        """Assign first, then score; a pair that may not be is named at its row."""
        if not rows:
            return
        lines = [row for row, _ in rows]
        paired = [row for row, score in rows if (score.number, score.user_id) in set(pairs)]
        try:
            if pairs:
                reviews.assign(actor=self.actor, now=self.now, call_code=self.call.code, pairs=pairs)
            reviews.import_scores(
                actor=self.actor, now=self.now, call_code=self.call.code, rows=[score for _, score in rows]
            )
        except InvalidInput as error:
            self.spread(sheet, paired if error.mistakes[0].where.startswith("pairs.") else lines, error, first=1)
            return
        self.outcome.new["scores"] = len(rows)

    @contextmanager
    def at(self, sheet: Sheet, row: Row) -> Iterator[None]:
        """What is wrong inside is wrong in this row; the rest goes on, as if it had not been tried."""
        try:
            with transaction.atomic():
                yield
        except InvalidInput as error:
            for mistake in error.mistakes:
                self.wrong(sheet, row, _column(mistake.where), mistake.what, mistake.remedy)

    def spread(self, sheet: Sheet, rows: list[Row], error: InvalidInput, first: int = 0) -> None:
        """Mistakes of an operation over many rows ("rows.3.title.ko"), each at its cell."""
        for mistake in error.mistakes:
            match = re.fullmatch(r"(?:rows|pairs)\.(\d+)(?:\.(.+))?", mistake.where)
            if match is None:
                self.outcome.mistakes.append(CellMistake(sheet.name, 0, "", "", mistake.what, mistake.remedy))
                continue
            column = _column(match.group(2) or sheet.columns[0])
            self.wrong(sheet, rows[int(match.group(1)) - first], column, mistake.what, mistake.remedy)

    def wrong(self, sheet: Sheet | None, row: Row, column: str, what: Text, remedy: Text) -> None:
        """Note a mistake in one cell."""
        if sheet is not None:
            self.outcome.mistakes.append(sheet.mistake(row.line, column, what, remedy))


def _column(where: str) -> str:
    """The column in which the field `where` of an operation stands."""
    if where in _COLUMN_OF:
        return _COLUMN_OF[where]
    first, _, rest = where.partition(".")
    if first == "answers":
        return f"answer:{rest}"
    if first == "plan":
        return rest
    if first in ("points", "criteria"):
        return f"points:{rest}"
    if first == "team":
        return "lead_name" if rest.startswith("0.name") else "lead_email" if rest.startswith("0.email") else "number"
    return _COLUMN_OF.get(first, first)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]


def _wish(part: str) -> dict[str, Any]:
    code, _, utility = part.partition(":")
    return {"gpu_model": code.strip(), "utility": _whole(utility.strip() or "100", "gpu_models")}


def _whole(text: str, where: str) -> int:
    """A whole number; 0 for an empty cell. Raises InvalidInput."""
    if re.fullmatch(r"\d{1,9}", text.replace(",", "")):
        return int(text.replace(",", ""))
    if not text:
        return 0
    raise InvalidInput(Mistake(where, Text("정수가 아닙니다.", "Not a whole number."), _CHECK))


def _yes(text: str, where: str) -> bool:
    word = text.strip().lower()
    if word in ("yes", "y", "true", "1", "예"):
        return True
    if word in ("no", "n", "false", "0", "아니요", "아니오", ""):
        return False
    raise InvalidInput(
        Mistake(
            where,
            Text("yes나 no가 아닙니다.", "Neither yes nor no."),
            Text("yes나 no로 적으십시오.", "Write yes or no."),
        )
    )


def _instant(text: str) -> datetime:
    """An instant, in programme time unless it names its own zone. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        what = Text("시각이 아닙니다.", "Not an instant.")
        remedy = Text("2026-01-20 15:30처럼 적으십시오.", "Write it as 2026-01-20 15:30.")
        raise InvalidInput(Mistake("submitted_at", what, remedy)) from None
    return (found if found.tzinfo else found.replace(tzinfo=programmes.zone())).astimezone(UTC)
