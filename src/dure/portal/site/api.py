"""Open data: who got what, and the programme's own file."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.portal.framework import programme
from dure.portal.framework.api import answers
from dure.portal.framework.lists import paged
from dure.portal.site import register

router = Router(tags=["results"])
MOST = 500


class ResultOut(Schema):
    """One award. Codes are those of the programme file; instants are UTC."""

    number: str
    call: str
    title_ko: str
    title_en: str
    organisation_ko: str
    organisation_en: str
    applicant_class: str
    region: str
    field: str
    cluster: str
    gpu_model: str
    nodes: int
    gpus: int
    requested_nodes: int
    start_at: str
    end_at: str
    state: str
    is_synthetic: bool


class ResultsOut(Schema):
    """A page of the register; `total` counts all that match."""

    programme: str
    programme_hash: str
    total: int
    page: int
    size: int
    results: list[ResultOut]


class Wanted(Schema):
    """What to look for; everything may be left out."""

    q: str = ""
    applicant_class: str = ""
    region: str = ""
    model: str = ""
    cluster: str = ""
    call: str = ""
    sort: str = "number"
    page: int = 1
    size: int = 100


@router.get("/results", response=answers(ResultsOut), auth=None, summary="Who got what")
def results(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """The public register of awards."""
    if not 1 <= wanted.size <= MOST:
        what = Text(f"1에서 {MOST} 사이여야 합니다.", f"It must be from 1 to {MOST}.")
        raise InvalidInput(Mistake("size", what))
    rows = register.rows(
        text=wanted.q,
        sort=wanted.sort,
        region=wanted.region,
        model=wanted.model,
        cluster=wanted.cluster,
        call=wanted.call,
        **{"class": wanted.applicant_class},
    )
    page = paged(rows, wanted.page, lambda row: register.record(register.result_of(row)), size=wanted.size)
    return {
        "programme": programme.current().code,
        "programme_hash": programme.current_hash(),
        "total": page.total,
        "page": page.number,
        "size": page.size,
        "results": list(page),
    }


@router.get("/results/{number}", response=answers(ResultOut), auth=None, summary="One award")
def result(request: HttpRequest, number: str) -> dict[str, Any]:
    """One award of the public register."""
    return register.record(register.result(number))
