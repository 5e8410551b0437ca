"""The open interface: the document that describes it, and its page, of this site's own making.

The framework's page loads its scripts from another site, which no page here may: it stayed blank. It also writes the
document anew for everybody who asks, which takes seconds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema

from dure.core.text import Text

TITLE = Text("공개 자료(API)", "Open data (API)")
LEAD = Text(
    "화면에서 하는 일을 프로그램으로도 할 수 있습니다. 공개된 자료는 로그인 없이 받습니다. 로그인이 필요한 요청에는 "
    "sessionid 쿠키를, 내용을 바꾸는 요청에는 csrftoken 쿠키의 값을 담은 X-CSRFToken 헤더도 보냅니다. 입력과 답의 "
    "모양은 OpenAPI 문서에 있습니다.",
    "What pages do, programs can do too. Public data needs no signing in. Requests for who is signed in carry the "
    "sessionid cookie; those that change something also carry the header X-CSRFToken with the value of the csrftoken "
    "cookie. What goes in and comes out is in the OpenAPI document.",
)
COLUMNS = (Text("주소", "Address"), Text("하는 일(영문)", "What it does"), Text("누가", "For whom"))
WHO = {
    "": Text("누구나", "anybody"),
    "SignedIn": Text("로그인한 사람", "who is signed in"),
    "AgentToken": Text("클러스터의 에이전트", "agents of clusters"),
}


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked of the interface."""

    method: str
    path: str
    parameters: str
    what: str
    who: Text


class DescribedAPI(NinjaAPI):
    """An API whose description is written once in a process: it says the same to everybody."""

    @cached_property
    def _document(self) -> OpenAPISchema:
        return super().get_openapi_schema()

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """The document; `kwargs` are the framework's, for APIs at several addresses, of which there is one here."""
        return self._document


class Interface(DocsBase):
    """All operations by subject, from the document that describes them."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """The page."""
        document = api.get_openapi_schema()
        subjects: dict[str, list[Operation]] = defaultdict(list)
        for path, methods in document["paths"].items():
            for method, said in methods.items():
                subjects[said.get("tags", ["other"])[0]].append(_operation(method, path, said))
        context = {
            "title": TITLE,
            "lead": LEAD,
            "columns": COLUMNS,
            "subjects": sorted(subjects.items()),
            "document_url": self.get_openapi_url(api, kwargs),
            "crumbs": [(TITLE, "")],
        }
        return render(request, "site_pages/interface.html", context)


def _operation(method: str, path: str, said: dict[str, Any]) -> Operation:
    schemes = [name for scheme in said.get("security", ()) for name in scheme]
    asked = ", ".join(one["name"] for one in said.get("parameters", ()) if one["in"] == "query")
    what = said.get("description") or said.get("summary", "")
    return Operation(method.upper(), path, asked, what, WHO[schemes[0] if schemes else ""])
