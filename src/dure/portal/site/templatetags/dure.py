"""`{% load dure %}`: words, figures and components of the design system; docs/design-system.md shows each in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dure.core.text import Text
from dure.portal.framework.programme import current
from dure.portal.people import queries as people
from dure.portal.site import charts, fields, icons, odds, show, words
from dure.protocol.words import REASONS

register = template.Library()

MODES = ("light", "dark", "high-contrast")
MODE_COOKIE = "dure_mode"


def _language() -> str:
    return "en" if (get_language() or "ko").startswith("en") else "ko"


# ---- figures, times and words: plain filters, cheap enough for every cell of a long table ----------------------


@register.filter
def won(amount: int | None, form: str = "") -> str:
    """`{{ 1234000000|won }}` 12억 3,400만 원; `|won:"digits"` for columns, `|won:"short"` for headings."""
    return "–" if amount is None else show.won(amount, _language(), form)


@register.filter
def number(value: int | Decimal | None) -> str:
    """`{{ 13712|number }}` 13,712."""
    return "–" if value is None else show.number(value)


@register.filter
def nodes(count: int | None, gpus_per_node: int = 0) -> str:
    """`{{ 16|nodes:8 }}` 16대 (GPU 128개)."""
    return "–" if count is None else show.nodes(count, _language(), gpus_per_node)


@register.filter
def hours(value: int | Decimal | None, of: str = "") -> str:
    """Seconds (int) or hours (Decimal) as hours; `|hours:"GPU"` and `|hours:"node"` name the physical unit."""
    return "–" if value is None else show.hours(value, _language(), of)


@register.filter
def percent(ratio: Any, places: int = 1) -> str:
    """`{{ 0.974|percent }}` 97.4%."""
    return "–" if ratio is None else show.percent(ratio, places)


@register.filter
def percent_of(part: int, whole: int) -> str:
    """`{{ 528|percent_of:542 }}` 97.4%."""
    return show.percent(Fraction(part, whole)) if whole else "–"


@register.filter
def day(value: Any) -> str:
    """A date (or the date of an instant) in the programme's zone."""
    return show.day(value, _language())


@register.filter
def when(value: datetime | None, now: datetime | None = None) -> str:
    """An instant in the programme's zone; `|when:now` adds what is left until it."""
    return show.when(value, _language(), now)


@register.filter
def left(value: datetime | None, now: datetime) -> str:
    """Only what is left: 3일 남음."""
    return show.left(value, _language(), now)


@register.filter
def period(value: Any) -> str:
    """A half-open period as first and last day."""
    return "–" if value is None else show.period(value, _language())


@register.filter
def month(value: Any) -> str:
    """`{{ "2026-03"|month }}` 2026년 3월; takes a `Month` or its name."""
    return "–" if value in (None, "") else show.month_words(show.month_of(value), _language())


@register.filter
def cluster(code: str) -> str:
    """`{{ award.cluster|cluster }}`: a cluster's name by its code; a code the programme does not know stays."""
    return show.named(current().clusters, code, _language())


@register.filter
def cluster_names(sentence: str) -> str:
    """A sentence that speaks of clusters by code, "kakao-b200(b200)", with their names in place of the codes."""
    return show.with_names(sentence, current().clusters, _language())


@register.filter
def gpu(code: str) -> str:
    """`{{ award.gpu_model|gpu }}`: a GPU model's name by its code."""
    return show.named(current().gpu_models, code, _language())


@register.filter
def cases(count: int | None) -> str:
    """`{{ 239|cases }}` 239건, in English the figure alone."""
    return "–" if count is None else show.cases(count, _language())


@register.filter
def text(value: Any) -> str:
    """A `Text` or a {ko, en} mapping in the reader's language."""
    return show.text(value, _language())


@register.filter
def state(name: str, noun: str) -> str:
    """`{{ application.state|state:"application" }}`: the badge."""
    return show.badge(words.state(noun, name), _language())


@register.filter
def state_word(name: str, noun: str) -> str:
    """The state's word alone, for sentences and options."""
    return words.state(noun, name).text.in_(_language())


@register.filter
def state_letter(name: str, noun: str) -> str:
    """The badge as its letter, where a word has no room."""
    return show.badge(words.state(noun, name), _language(), letter_only=True)


@register.filter
def kind(name: str, group: str) -> str:
    """`{{ booking.kind|kind:"booking" }}`: the badge."""
    return show.badge(words.kind(group, name), _language())


@register.filter
def kind_word(name: str, group: str) -> str:
    """The kind's word alone, for sentences and options."""
    return words.kind(group, name).text.in_(_language())


@register.filter
def condition(value: Any) -> str:
    """A condition (with `type`, `status`, `reason`, `message`): badge, why behind it."""
    word = words.condition(value.type, value.status)
    status = words.kind("status", words.condition_answer(value.type, value.status)).text.in_(_language())
    shown = show.badge(word, _language(), title=f"{reason(value.reason)} {value.message}".strip())
    return format_html('{}<span class="sr"> {}</span>', shown, status)


@register.filter
def reason(name: str) -> str:
    """A condition's reason as a sentence."""
    found = REASONS.get(name)
    return found.in_(_language()) if found else name


# ---- small marks ----------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str) -> SafeString:
    """`{% icon "download" %}`."""
    return icons.icon(name)


@register.simple_tag(takes_context=True)
def who(context: Mapping[str, Any], actor: str) -> str:
    """`{% who entry.actor %}`: a person's name in place of "person:7"; loops as they are. Each is read once a page."""
    request = context["request"]
    known = request.__dict__.setdefault("_names", {})
    if actor not in known:
        known[actor] = people.names_of([actor]).get(actor, Text(actor, actor))
    return str(known[actor].in_(_language()))


@register.simple_tag
def meter(part: int, whole: int, tone: str = "") -> SafeString:
    """A bar of `part` in `whole`; the figures must stand beside it, it is hidden from screen readers."""
    width = show.percent(Fraction(min(part, whole), whole), 2) if whole else "0%"
    return format_html('<svg class="meter {}" aria-hidden="true"><rect width="{}" height="100%"/></svg>', tone, width)


@register.simple_tag(takes_context=True)
def display_mode(context: Mapping[str, Any]) -> SafeString:
    """The attribute of <html> for the chosen mode; nothing when the reader's system decides."""
    chosen = _chosen_mode(context)
    return format_html(' data-krds-mode="{}"', chosen) if chosen else SafeString("")


@register.simple_tag(takes_context=True)
def is_mode(context: Mapping[str, Any], mode: str) -> bool:
    """Whether `mode` ("" for the system's) is the one chosen."""
    return _chosen_mode(context) == mode


def _chosen_mode(context: Mapping[str, Any]) -> str:
    request = context.get("request")
    chosen = request.COOKIES.get(MODE_COOKIE, "") if request else ""
    return chosen if chosen in MODES else ""


@register.simple_tag
def chart(spec: Mapping[str, Any]) -> SafeString:
    """A chart from plain values: `{% chart use_by_month %}`; `charts.py` documents each kind."""
    return charts.draw(spec, _language())


# ---- forms ----------------------------------------------------------------------------------------------------


@register.simple_tag
def field(bound: BoundField, **options: Any) -> SafeString:
    """`{% field form.nodes unit="대" %}`: label, hint, error, control."""
    return fields.render(bound, **options)


@register.inclusion_tag("site/components/error_summary.html")
def error_summary(*sources: Any) -> dict[str, Any]:
    """`{% error_summary form formset mistakes %}`: what is wrong, each line linked to its field."""
    return {"problems": list(fields.problems(sources, _language()))}


@register.inclusion_tag("site/components/odds.html")
def odds_hint(call: Any, view: Any) -> dict[str, Any]:
    """`{% odds_hint call view %}`: what became of requests like this draft in past calls."""
    return {"odds": odds.odds(call, view)}


@register.inclusion_tag("site/components/steps.html")
def steps(items: Any, current: int) -> dict[str, Any]:
    """Steps of a form. `items`: labels or (label, url) pairs; `current` counts from 1."""
    pairs = [(item, "") if not isinstance(item, tuple) else item for item in items]
    rows = [
        {"label": show.text(label, _language()), "url": url, "done": n < current, "current": n == current}
        for n, (label, url) in enumerate(pairs, start=1)
    ]
    return {"rows": rows, "current": current}


# ---- lists ----------------------------------------------------------------------------------------------------


def _query(context: Mapping[str, Any], **changes: Any) -> str:
    """The present query string with `changes`; None removes."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_header(context: Mapping[str, Any], key: str, label: str, num: bool = False) -> SafeString:
    """A column heading that sorts. The page reads `?sort=key` or `?sort=-key`; `sort` in the context is the default."""
    present = context["request"].GET.get("sort") or context.get("sort") or ""
    aria, mark, after = "none", "up-down", key
    if present == key:
        aria, mark, after = "ascending", "up", f"-{key}"
    elif present == f"-{key}":
        aria, mark = "descending", "down"
    return format_html(
        '<th scope="col" aria-sort="{}"{}><a href="{}">{}{}</a></th>',
        aria,
        SafeString(' class="num"') if num else "",
        _query(context, sort=after, page=None),
        label,
        icons.icon(mark),
    )


@register.inclusion_tag("site/components/pager.html", takes_context=True)
def pager(context: Mapping[str, Any], page: Any) -> dict[str, Any]:
    """Links to the other pages of a list (`framework.lists.Page`); keeps filters and sorting."""
    near = {1, page.pages, *range(max(1, page.number - 2), min(page.pages, page.number + 2) + 1)}
    links: list[dict[str, Any]] = []
    for number in sorted(near):
        if links and number > links[-1]["number"] + 1:
            links.append({"number": number - 1, "url": ""})
        links.append({"number": number, "url": _query(context, page=number), "current": number == page.number})
    return {
        "page": page,
        "links": links,
        "first": (page.number - 1) * page.size + 1,
        "last": (page.number - 1) * page.size + len(page.rows),
        "before": _query(context, page=page.number - 1) if page.number > 1 else "",
        "after": _query(context, page=page.number + 1) if page.number < page.pages else "",
    }


@register.simple_tag(takes_context=True)
def export_url(context: Mapping[str, Any], form: str) -> str:
    """The present list as a file: the same address with `?format=csv` or `xlsx`, all pages."""
    return _query(context, format=form, page=None)


# ---- records --------------------------------------------------------------------------------------------------


@register.simple_tag
def summary_row(label: str, value: Any, why: str = "") -> SafeString:
    """One row of `<dl class="summary">`; `why` explains the value in smaller type."""
    behind = format_html('<span class="why">{}</span>', why) if why else ""
    shown = "–" if value in (None, "") else conditional_escape(value)
    return format_html("<div><dt>{}</dt><dd>{}{}</dd></div>", label, shown, behind)


@register.inclusion_tag("site/components/stat.html")
def stat(
    label: str, figure: Any, aside: Any = "", url: str = "", tone: str = "", part: int = 0, whole: int = 0
) -> dict[str, Any]:
    """A figure with its name, inside `<dl class="stats">`; `part` of `whole` draws a bar under it."""
    figure, unit = show.figure_and_unit(figure)
    return {
        "label": label,
        "figure": figure,
        "unit": unit,
        "aside": aside,
        "url": url,
        "tone": tone,
        "part": part,
        "whole": whole,
    }


@register.inclusion_tag("site/components/timeline.html")
def timeline(events: Any, now: datetime | None = None) -> dict[str, Any]:
    """What happened and what comes next.

    Each event (mapping or object) has `title` and may have `at`, `actor`, `why`, `due`, `url`, and `phase`:
    "done" (the default), "now" or "next".
    """
    return {"events": events, "now": now}


@register.inclusion_tag("site/components/empty.html")
def empty(title: str, what_next: str = "", url: str = "", label: str = "", icon: str = "box") -> dict[str, Any]:
    """What a list says when there is nothing in it, and what to do next."""
    return {"title": title, "what_next": what_next, "url": url, "label": label, "icon": icon}


@register.inclusion_tag("site/components/message.html")
def message(tone: str, title: str = "", body: Any = "") -> dict[str, Any]:
    """A note in the page: tone `note`, `good`, `warn` or `bad`."""
    names = {"good": "check-circle", "warn": "alert", "bad": "cross-circle", "note": "note"}
    return {"tone": tone, "title": title, "body": body, "icon": names[tone]}


@register.filter
def message_tone(level: str) -> str:
    """The tone for one of Django's message levels."""
    return {"success": "good", "warning": "warn", "error": "bad"}.get(level, "note")


@register.simple_tag
def tone_word(tone: str) -> str:
    """The tone in a word, for those who do not see the colour."""
    return {"good": _("완료"), "warn": _("주의"), "bad": _("오류")}.get(tone, _("안내"))
