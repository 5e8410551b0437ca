"""How figures, times and words are written for a person: one function each, `language` is "ko" or "en", HTML comes out.

Kept apart from the template library so that a table of a hundred rows costs string formatting and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from html import escape
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from dure.core import gpu_hours as core_hours
from dure.core import money
from dure.core.period import Month
from dure.core.text import Text
from dure.portal.site.icons import icon
from dure.portal.site.words import Word

_WEEKDAYS = Text("월화수목금토일", "MonTueWedThuFriSatSun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SOON = timedelta(days=3)
_FIGURE = re.compile(r"(?P<figure>[-+]?[\d,.]+)\s?(?P<unit>[^\W\d_].*)")
_SHORT_EN = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))


def _safe(html: str) -> SafeString:
    """`html` as made by this module: every part that came from outside has been escaped."""
    return SafeString(html)  # mark_safe would cost a long table a millisecond


def text(value: Any, language: str) -> str:
    """A `Text` (or anything with `ko` and `en`), a {"ko", "en"} mapping or a plain string in `language`."""
    if isinstance(value, dict) and "ko" in value:
        return str(value["ko"] if language == "ko" else value.get("en") or value["ko"])
    if hasattr(value, "ko"):
        return str(value.ko if language == "ko" else value.en)
    return "" if value is None else str(value)


def won(amount: int, language: str, form: str = "") -> SafeString:
    """Money. `form`: "" as people say it, "digits" for columns (1,234,000원), "short" for headings (12억 원)."""
    exact = f"{amount:,}원" if language == "ko" else money.won(amount).en
    if form == "digits":
        shown = exact
    elif form == "short":
        shown = won_short(amount, language)
    else:
        shown = money.won(amount).in_(language)
    return _safe(f'<data class="money" value="{amount}" title="{exact}">{shown}</data>')


def won_short(amount: int, language: str) -> str:
    """Money in its largest unit and, in Korean, the one below it; says so when something was left out. Plain text."""
    if language == "ko":
        size = abs(amount)
        step = 10**8 if size >= 10**12 else 10**4 if size >= 10**8 else 1
        rounded = money.prorate(size, 1, step) * step
        shown = money.won(rounded if amount >= 0 else -rounded).ko
        return shown if rounded == size else f"약 {shown}"
    for size, name in _SHORT_EN:
        if abs(amount) >= size:
            figure = (Decimal(abs(amount)) / size).quantize(Decimal("0.01"), ROUND_HALF_UP).normalize()
            about = "" if figure * size == abs(amount) else "about "
            return f"{about}{'-' if amount < 0 else ''}₩{figure:f} {name}"
    return money.won(amount).en


def number(value: int | Decimal) -> str:
    """A figure with thousands separated."""
    return f"{value:,}"


def cases(count: int, language: str) -> str:
    """How many of something that its label names: 239건, in English the figure alone."""
    return f"{count:,}건" if language == "ko" else f"{count:,}"


def figure_and_unit(shown: Any) -> tuple[Any, str]:
    """A figure parted from the unit behind it, so that the unit may be smaller; what is no such text stays whole."""
    found = None if hasattr(shown, "__html__") else _FIGURE.fullmatch(str(shown))
    return (found["figure"], found["unit"]) if found else (shown, "")


def named(coded: Iterable[Any], code: str, language: str) -> str:
    """The name of that one of `coded` whose code it is, else the code."""
    found = next((one for one in coded if one.code == code), None)
    return text(found.name, language) if found else code


def with_names(sentence: str, coded: Iterable[Any], language: str) -> str:
    """`sentence` with names in place of codes; the GPU model behind a code in brackets goes, the name says it."""
    names = {one.code: text(one.name, language) for one in coded}
    codes = "|".join(re.escape(code) for code in sorted(names, key=len, reverse=True))
    return re.sub(
        rf"(?<![A-Za-z0-9_-])({codes})(?:\s?\(\w+\))?(?![A-Za-z0-9_-])", lambda found: names[found[1]], sentence
    )


def nodes(count: int, language: str, gpus_per_node: int = 0) -> str:
    """Servers, and the GPUs in them when `gpus_per_node` is given."""
    if language == "ko":
        return f"{count:,}대" + (f" (GPU {count * gpus_per_node:,}개)" if gpus_per_node else "")
    gpus = count * gpus_per_node
    behind = f" ({gpus:,} GPU{'' if gpus == 1 else 's'})" if gpus_per_node else ""
    return f"{count:,} server{'' if count == 1 else 's'}{behind}"


def hours(value: int | Decimal, language: str, of: str = "") -> str:
    """Hours from whole seconds (int) or hours (Decimal), to one decimal. `of`, "GPU" or "node", names the unit."""
    shown = core_hours.hours(value) if isinstance(value, int) else value.quantize(Decimal("0.1"), ROUND_HALF_UP)
    if language == "ko":
        return f"{shown:,} {of.replace('node', '서버')}시간" if of else f"{shown:,}시간"
    return f"{shown:,} {of}-hours" if of else f"{shown:,} hours"


def percent(ratio: Any, places: int = 1) -> str:
    """A ratio of 0…1 as a percentage, rounded half up. Takes Fraction, Decimal, int or float."""
    if isinstance(ratio, Fraction):
        exact = Decimal(ratio.numerator) / Decimal(ratio.denominator)
    else:
        exact = Decimal(str(ratio))
    return f"{(exact * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)}%"


def _local(value: date | datetime, zone: tzinfo | None = None) -> date | datetime:
    return timezone.localtime(value, zone) if isinstance(value, datetime) else value


def _day(day: date, language: str) -> str:
    weekday = day.weekday()
    if language == "ko":
        return f"{day.year}. {day.month}. {day.day}.({_WEEKDAYS.ko[weekday]})"
    return f"{_WEEKDAYS.en[weekday * 3 : weekday * 3 + 3]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def day(value: date | datetime | None, language: str) -> SafeString:
    """A date in the programme's zone."""
    if value is None:
        return _safe("–")
    local = _local(value)
    return _safe(f'<time class="nowrap" datetime="{local:%Y-%m-%d}">{_day(local, language)}</time>')


def when(value: datetime | None, language: str, now: datetime | None = None) -> SafeString:
    """An instant in the programme's zone, with what is left until it when `now` is given."""
    if value is None:
        return _safe("–")
    local = timezone.localtime(value)
    stamp = f"{_day(local, language)}{'' if language == 'ko' else ','} {local:%H:%M}"
    html = f'<time class="nowrap" datetime="{local.isoformat()}">{stamp}</time>'
    return _safe(f"{html} {left(value, language, now)}" if now else html)


def left(value: datetime | None, language: str, now: datetime) -> SafeString:
    """What is left until `value`: "3일 남음", "5시간 남음", "2일 지남"; nearer than three days it stands out."""
    if value is None:
        return _safe("")
    rest = value - now
    if abs(rest) < timedelta(minutes=1):
        return _safe(f'<span class="left">{"지금" if language == "ko" else "now"}</span>')
    css = "left past" if rest < timedelta(0) else "left soon" if rest < _SOON else "left"
    return _safe(f'<span class="{css}">{_rest(rest, language)}</span>')


def _rest(rest: timedelta, language: str) -> str:
    past, size = rest < timedelta(0), abs(rest)
    if size >= timedelta(days=2):
        count, ko, en = size.days, "일", "day"
    elif size >= timedelta(hours=1):
        count, ko, en = int(size.total_seconds()) // 3600, "시간", "hour"
    else:
        count, ko, en = int(size.total_seconds()) // 60, "분", "minute"
    if language == "ko":
        return f"{count}{ko} {'지남' if past else '남음'}"
    unit = en if count == 1 else f"{en}s"
    return f"{count} {unit} {'ago' if past else 'left'}"


def period_words(start: date, end: date, language: str) -> str:
    """First and last day of the half-open period of dates `start`…`end`, as plain text."""
    last = end - timedelta(days=1)
    return f"{_short_day(start, language)}{' ~ ' if language == 'ko' else ' – '}{_short_day(last, language)}"


def month_of(value: Any) -> Month:
    """A `Month`, or the one that "2026-03" (or a date written so) names."""
    return value if isinstance(value, Month) else Month(*(int(part) for part in str(value).split("-")[:2]))


def month_words(month: Month, language: str, *, with_year: bool = True) -> str:
    """A month as plain text: 2026년 3월 / Mar 2026, or without its year."""
    if with_year:
        return month.words.in_(language)
    return f"{month.month}월" if language == "ko" else _MONTHS[month.month - 1]


def period(value: Any, language: str) -> SafeString:
    """A half-open period as first and last day. Of a `Period`, a (start, end) pair, or what has both."""
    if isinstance(value, tuple):
        start, end = value
    elif hasattr(value, "start_at"):
        start, end = value.start_at, value.end_at
    else:
        start, end = value.start, value.end
    if isinstance(end, datetime):
        first, last = _local(start), _local(end - timedelta(microseconds=1))
    else:
        first, last = start, end - timedelta(days=1)
    return _safe(
        f'<span class="nowrap"><time datetime="{first:%Y-%m-%d}">{_short_day(first, language)}</time>'
        f"{' ~ ' if language == 'ko' else ' – '}"
        f'<time datetime="{last:%Y-%m-%d}">{_short_day(last, language)}</time></span>'
    )


def _short_day(value: date, language: str) -> str:
    if language == "ko":
        return f"{value.year}. {value.month}. {value.day}."
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def badge(word: Word, language: str, *, letter_only: bool = False, title: str = "") -> SafeString:
    """A state, kind or condition: icon and word (or only its letter, the word then being read aloud), in its tone."""
    if title:
        return _safe(_badge(word, language, letter_only).replace(">", f' title="{escape(title)}">', 1))
    return _badge(word, language, letter_only)


@lru_cache(maxsize=512)
def _badge(word: Word, language: str, letter_only: bool) -> SafeString:
    shown, letter = escape(word.text.in_(language)), escape(word.letter.in_(language))
    if letter_only:
        return _safe(
            f'<span class="badge letter {word.tone}" title="{shown}"><abbr aria-hidden="true">{letter}</abbr>'
            f'<span class="sr">{shown}</span></span>'
        )
    return _safe(
        f'<span class="badge {word.tone}">{icon(word.icon)}<abbr aria-hidden="true">{letter}</abbr>{shown}</span>'
    )
