"""The design system: figures and words as people read them, fields tied to their errors, charts with their numbers."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django import forms
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from dure.core.condition import Condition
from dure.core.errors import Mistake
from dure.core.period import Month, Period
from dure.core.text import Text
from dure.decide import lifecycles
from dure.portal.framework.lists import Page
from dure.portal.site import charts, drawing, fields, icons, show, styleguide, words
from dure.protocol import words as protocol

STATIC = Path(show.__file__).parent / "static" / "site"
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def seoul():
    with timezone.override("Asia/Seoul"), translation.override("ko"):
        yield


def render(source: str, **context) -> str:
    return Template("{% load dure %}" + source).render(Context(context))


# ---- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lifecycle", lifecycles.ALL, ids=lambda lifecycle: lifecycle.noun)
def test_every_state_has_a_word_and_a_letter_of_its_own(lifecycle):
    found = words.states(lifecycle.noun)
    assert set(found) == set(lifecycle.states)
    for language in ("ko", "en"):
        letters = [word.letter.in_(language) for word in found.values()]
        assert len(set(letters)) == len(letters), letters
        assert all(word.text.in_(language) for word in found.values())
    assert {word.icon for word in found.values()} <= set(icons.names())


def test_no_noun_is_left_over():
    assert set(words.nouns()) == {lifecycle.noun for lifecycle in lifecycles.ALL}


def test_badge_says_its_word_with_icon_letter_and_tone():
    html = render('{{ "admitted"|state:"application" }}')
    assert "요건 충족" in html and "<svg" in html and 'class="badge good"' in html
    assert "요건 충족" in render('{{ "admitted"|state_letter:"application" }}')
    with translation.override("en"):
        assert render('{{ "admitted"|state_word:"application" }}') == "Eligible"


def test_unknown_state_is_shown_as_itself_and_escaped():
    assert "&lt;b&gt;" in render("{{ name|state:noun }}", name="<b>", noun="application")


def test_every_documented_condition_has_a_word():
    assert set(words.condition_types()) == {*protocol.ALLOCATION_CONDITIONS, *protocol.CLUSTER_CONDITIONS}


def test_condition_is_good_news_by_its_meaning_not_by_true():
    assert words.condition("Ready", "true").tone == "good"
    assert words.condition("Drifted", "true").tone == "warn"
    assert words.condition("Drifted", "false").tone == "good"
    assert words.condition("Ready", "unknown").icon == "question"
    spoken = [(words.condition("Drifted", s).text.en, words.condition_answer("Drifted", s)) for s in ("true", "false")]
    assert spoken == [("Changed by others", "true"), ("Not changed by others", "true")]
    assert words.condition_answer("Ready", "false") == "false"
    html = render("{{ c|condition }}", c=Condition("Reachable", "false", "ClusterUnreachable", 'no "answer"'))
    assert "클러스터에 연결할 수 없습니다. no &quot;answer&quot;" in html and "warn" in html


# ---- figures and times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "form", "ko", "en"),
    [
        (1_234_000_000, "", "12억 3,400만 원", "₩1,234,000,000"),
        (0, "", "0 원", "₩0"),
        (1_234_567, "digits", "1,234,567원", "₩1,234,567"),
        (1_460_000_000_000, "short", "1조 4,600억 원", "₩1.46 trillion"),
        (1_460_912_345_678, "short", "약 1조 4,609억 원", "about ₩1.46 trillion"),
        (-3_200_000, "short", "-320만 원", "-₩3.2 million"),
    ],
)
def test_won_keeps_the_exact_figure_behind(amount, form, ko, en):
    for language, expected in (("ko", ko), ("en", en)):
        html = show.won(amount, language, form)
        assert f">{expected}</data>" in html
        assert f'value="{amount}"' in html and f"{abs(amount):,}" in html


def test_nodes_hours_and_percent():
    assert render("{{ 16|nodes:8 }}") == "16대 (GPU 128개)"
    assert show.nodes(1, "en", 1) == "1 server (1 GPU)"
    assert show.nodes(16, "en", 8) == "16 servers (128 GPUs)"
    assert show.hours(5400, "ko") == "1.5시간"
    assert show.hours(Decimal("1234.56"), "en", "GPU") == "1,234.6 GPU-hours"
    assert show.hours(3600, "ko", "node") == "1.0 서버시간"
    assert render("{{ 528|percent_of:542 }}") == "97.4%"
    assert render("{{ 1|percent_of:0 }}") == "–"
    assert show.percent(Fraction(1, 3)) == "33.3%"
    assert show.percent(Decimal("0.125"), 0) == "13%"
    assert render("{{ None|won }}{{ None|nodes }}{{ None|hours }}{{ None|day }}{{ None|when }}") == "–" * 5


def test_times_are_in_the_programme_zone_with_what_is_left():
    html = render("{{ at|when:now }}", at=NOW + timedelta(days=9), now=NOW)
    assert "2026. 3. 11.(수) 12:00" in html and "9일 남음" in html
    assert "2026. 3. 3.(화)" in show.day(datetime(2026, 3, 2, 15, tzinfo=UTC), "ko")
    assert ">Mon 2 Mar 2026, 12:00<" in show.when(NOW, "en")


@pytest.mark.parametrize(
    ("away", "ko", "en", "css"),
    [
        (timedelta(days=3), "3일 남음", "3 days left", "left"),
        (timedelta(days=2, hours=23), "2일 남음", "2 days left", "left soon"),
        (timedelta(hours=47, minutes=59), "47시간 남음", "47 hours left", "left soon"),
        (timedelta(0), "지금", "now", "left"),
        (timedelta(minutes=1), "1분 남음", "1 minute left", "left soon"),
        (-timedelta(hours=5), "5시간 지남", "5 hours ago", "left past"),
    ],
)
def test_what_is_left(away, ko, en, css):
    assert show.left(NOW + away, "ko", NOW) == f'<span class="{css}">{ko}</span>'
    assert en in show.left(NOW + away, "en", NOW)


def test_what_people_read_has_names_and_units():
    assert render('{{ "2026-04"|month }} {{ month|month }}', month=Month(2026, 12)) == "2026년 4월 2026년 12월"
    assert render('{{ "kakao-b200"|cluster }}, {{ "h200"|gpu }}') == "카카오 B200, NVIDIA H200"
    assert render('{{ "gone-for-good"|cluster }}') == "gone-for-good"
    said = "naver-h200-a(h200)에서 2대, naver-h200-a-031은 naver-h200-self가 아닙니다."
    expected = "네이버 H200 가에서 2대, naver-h200-a-031은 네이버 H200 자체 활용분가 아닙니다."
    assert render("{{ said|cluster_names }}", said=said) == expected
    with translation.override("en"):
        assert render('{{ 1239|cases }}, {{ "2026-04"|month }}') == "1,239, Apr 2026"
    assert render("{{ 1239|cases }}") == "1,239건"


@pytest.mark.parametrize(
    ("shown", "parts"),
    [
        ("140,160.0 GPU시간", ("140,160.0", "GPU시간")),
        ("1,307대", ("1,307", "대")),
        ("0.56%", ("0.56%", "")),
        ("–", ("–", "")),
        ("5 ± 2", ("5 ± 2", "")),
    ],
)
def test_the_unit_of_a_figure_stands_apart(shown, parts):
    assert show.figure_and_unit(shown) == parts


def test_period_shows_its_last_day_not_its_end():
    half_open = Period(datetime(2026, 2, 28, 15, tzinfo=UTC), datetime(2026, 8, 31, 15, tzinfo=UTC))
    for value in (half_open, (half_open.start, half_open.end), (date(2026, 3, 1), date(2026, 9, 1))):
        assert re.sub("<[^>]*>", "", show.period(value, "ko")) == "2026. 3. 1. ~ 2026. 8. 31."


def test_text_takes_every_shape_of_two_languages():
    for value in (Text("가", "a"), {"ko": "가", "en": "a"}):
        assert show.text(value, "ko") == "가" and show.text(value, "en") == "a"
    assert show.text(None, "ko") == "" and show.text("그대로", "en") == "그대로"


# ---- fields ---------------------------------------------------------------------------------------------------


class Application(forms.Form):
    title = forms.CharField(label="과제 이름", help_text="60자 안으로")
    track = forms.ChoiceField(label="트랙", widget=forms.RadioSelect, choices=[("a", "일반"), ("b", "신속")])
    servers = forms.IntegerField(label="서버 수", max_value=32, required=False)
    agreed = forms.BooleanField(label="동의")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_field_ties_label_hint_and_error_to_its_control():
    html = fields.render(Application({"title": ""})["title"])
    assert '<label for="id_title">' in html
    assert 'aria-describedby="id_title-hint id_title-error"' in html
    assert 'id="id_title-hint"' in html and 'id="id_title-error"' in html and 'aria-invalid="true"' in html
    assert html.index("-hint") < html.index("<input") and html.index('id="id_title-error"') < html.index("<input")


def test_field_group_unit_checkbox_hidden_and_further_attributes():
    form = Application()
    group = fields.render(form["track"], hx_get="/price/")
    assert "<fieldset" in group and "<legend>" in group and group.count('hx-get="/price/"') == 2
    assert "선택" in fields.render(form["servers"]) and "*" not in fields.render(form["servers"])
    assert 'aria-describedby="id_servers-unit"' in fields.render(form["servers"], unit="대")
    assert fields.render(form["agreed"]).index("<input") < fields.render(form["agreed"]).index("동의")
    assert "<label" not in fields.render(form["token"])


def test_field_escapes_what_people_typed_and_keeps_it():
    html = fields.render(Application({"title": '"><script>'})["title"])
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_error_summary_leads_to_the_first_control_of_each_field():
    form = Application({"servers": "99"})
    mistakes = [Mistake("region", Text("지역이 없습니다.", "No region."), Text("고르십시오.", "Choose one."))]
    html = render("{% error_summary form mistakes %}", form=form, mistakes=mistakes)
    for target in ("id_title", "id_track_0", "id_servers", "id_agreed", "id_region"):
        assert f'href="#{target}"' in html
    assert "5곳" in html and 'role="alert"' in html
    assert render("{% error_summary form %}", form=Application()).strip() == ""


def test_error_summary_of_formsets():
    rows = forms.formset_factory(Application)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-title": "", "form-0-servers": "1"}
    )
    assert 'href="#id_form-0-title"' in render("{% error_summary rows %}", rows=rows)


# ---- lists ----------------------------------------------------------------------------------------------------


def listed(source: str, query: str, **context) -> str:
    return render(source, request=RequestFactory().get(f"/list/?{query}"), **context)


def test_sorting_keeps_filters_and_forgets_the_page():
    html = listed('{% sort_header "cost" "비용" num=True %}', "q=gpu&sort=cost&page=3")
    assert 'aria-sort="ascending"' in html and "q=gpu" in html and "sort=-cost" in html and "page" not in html
    assert 'aria-sort="descending"' in listed('{% sort_header "cost" "비용" %}', "", sort="-cost")
    assert 'aria-sort="none"' in listed('{% sort_header "cost" "비용" %}', "sort=name")


def test_pager_offers_near_pages_both_ends_and_the_filters():
    html = listed("{% pager page %}", "q=gpu", page=Page(range(50), 5, 50, 514))
    assert re.findall(r">(\d+)</a>", html) == ["1", "3", "4", "5", "6", "7", "11"]
    assert html.count("…") == 2 and html.count("q=gpu") == 9 and "201–250" in html and "514" in html
    assert "<a" not in listed("{% pager page %}", "", page=Page(range(3), 1, 50, 3))
    assert "<nav" not in listed("{% pager page %}", "", page=Page((), 1, 50, 0))


def test_a_table_of_a_hundred_rows_renders_in_ten_milliseconds():
    rows = [
        {"n": n, "t": Text("과제", "Project"), "s": "admitted", "c": n * 3_200_000, "d": NOW + timedelta(days=n)}
        for n in range(100)
    ]
    template = Template(
        "{% load dure %}{% for row in rows %}<tr><td>{{ row.t|text }}</td><td>{{ row.s|state:'application' }}</td>"
        "<td>{{ row.n|nodes:8 }}</td><td>{{ row.c|won:'digits' }}</td><td>{{ row.d|when:now }}</td></tr>{% endfor %}"
    )
    best = float("inf")
    for _ in range(25):
        start = time.process_time()
        html = template.render(Context({"rows": rows, "now": NOW}))
        best = min(best, time.process_time() - start)
    assert html.count("<tr>") == 100
    assert best <= 0.010, f"{best * 1000:.1f} ms"


# ---- charts ---------------------------------------------------------------------------------------------------

SPECS = {spec["kind"]: spec for spec in styleguide._charts()}


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("kind", sorted(SPECS))
def test_chart_is_well_formed_described_and_has_its_table(kind, language):
    html = charts.draw(SPECS[kind], language)
    tree = ElementTree.fromstring(html.replace('aria-hidden="true"', ""))
    picture = tree.find(".//svg[@role='img']")
    ids = {node.get("id") for node in picture if node.tag in ("title", "desc")}
    assert ids == set(picture.get("aria-labelledby").split())
    assert all(node.text for node in picture if node.tag in ("title", "desc"))
    assert len(tree.findall(".//tbody/tr")) >= 2
    assert " style=" not in html and "<script" not in html
    used = set(re.findall(r"url\(#(\w+)\)", html))
    assert used <= {node.get("id") for node in tree.iter("pattern")}


def test_bars_are_as_long_as_their_values():
    html = charts.draw({"kind": "bar", "title": "t", "rows": [("a", 100), ("b", 50), ("c", 0)]}, "en")
    long, half, none = (float(w) for w in re.findall(r'class="c1 edge"|width="([\d.]+)" height="22.0"', html) if w)
    assert half == pytest.approx(long / 2, abs=0.1) and none == 0


def test_table_has_the_same_numbers_as_the_picture():
    html = charts.draw(SPECS["columns"], "en")
    assert "900 GPUs" in html and "<title>Jan · Industry: 900 GPUs</title>" in html
    assert "1,900 GPUs" in html  # the month's sum


def test_line_breaks_where_a_value_is_missing():
    spec = {"kind": "line", "title": "t", "labels": ["a", "b", "c"], "series": [("s", [1, None, 3])]}
    path = re.search(r'class="l1" d="([^"]*)"', charts.draw(spec, "en")).group(1)
    assert path.count("M") == 2 and "L" not in path


@pytest.mark.parametrize("kind", ["bar", "stacked", "columns", "donut", "histogram", "occupancy"])
def test_charts_without_rows_still_say_so(kind):
    spec = {"kind": kind, "title": "t", "rows": [], "series": ["s"], "kinds": ["k"], "months": []}
    assert "</figure>" in charts.draw(spec, "ko")


def test_chart_escapes_labels_everywhere():
    for kind in ("bar", "donut"):
        html = charts.draw({"kind": kind, "title": "<i>", "rows": [("<b>x", 3), ("y", 4)]}, "en")
        assert "<b>" not in html and "<i>" not in html


def test_bookings_that_overlap_get_lanes_of_their_own():
    html = charts.draw(SPECS["bookings"], "ko")
    tops = re.findall(r'y="(\d+\.\d)" width="[\d.]+" height="22.0" class="c1', html)
    maintenance = re.findall(r'y="(\d+\.\d)" width="[\d.]+" height="22.0" class="c3', html)
    assert maintenance and not set(maintenance) & set(tops)
    assert "2026. 3. 10. ~ 2026. 3. 23." in html


def test_occupancy_counts_every_cell_and_stays_small():
    rows = [
        (f"n{i:04d}", [None if (i // 16 + m // 6) % 5 == 0 else (i // 16 + m // 6) % 3 for m in range(60)])
        for i in range(1600)
    ]
    months = [str(m) for m in range(60)]
    spec = {"kind": "occupancy", "title": "t", "months": months, "kinds": ["a", "b", "c"], "rows": rows}
    start = time.process_time()
    html = charts.draw(spec, "en")
    assert time.process_time() - start < 1
    assert len(html) < 120_000
    first = [sum(cells[0] == k for _, cells in rows) for k in (None, 0, 1, 2)]
    cells = "".join(f'<td class="num">{count:,}</td>' for count in first)
    assert f'<th scope="row">0</th>{cells}' in html


def test_ticks_are_round_and_reach_the_top():
    assert drawing.ticks(100) == [0, 25, 50, 75, 100]
    assert drawing.ticks(13_712)[-1] >= 13_712
    assert drawing.ticks(0)[-1] >= 1


# ---- pages, style, switches -----------------------------------------------------------------------------------

pytestmark = pytest.mark.urls("dure.portal.site.urls")


@pytest.mark.django_db
@pytest.mark.parametrize("shape", ["", *styleguide._PAGES])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_shape_renders_in_both_languages_without_inline_style_or_script(shape, language):
    client = Client()
    client.cookies["dure_language"] = language
    answer = client.get(f"/design/{shape}/" if shape else "/design/")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in html
    assert " style=" not in html and "<style" not in html and " onclick=" not in html
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert html.count("<h1") == 1 and 'href="#main"' in html and 'id="main"' in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)
    if language == "en" and shape not in ("record", "decision", ""):  # a person's Korean name is in these
        main = html[html.index("<main") : html.index("</main>")]
        assert not re.findall("[가-힣]+", main.replace("한국어", ""))


@pytest.mark.django_db
def test_an_unknown_shape_is_not_found():
    assert Client().get("/design/nothing/").status_code == 404


@pytest.mark.django_db
def test_mode_and_language_are_kept_and_the_way_back_stays_here():
    client = Client()
    answer = client.post("/display/", {"mode": "dark", "language": "en", "next": "/design/?x=1"})
    assert answer.status_code == 302 and answer.url == "/design/?x=1"
    html = client.get("/design/error/").content.decode()
    assert 'data-krds-mode="dark"' in html and '<html lang="en"' in html
    client.post("/display/", {"mode": "system"})
    assert "data-krds-mode" not in client.get("/design/error/").content.decode()
    assert client.post("/display/", {"next": "https://evil.example/"}).url == "/"
    assert client.post("/display/", {"mode": '"><script>'}).cookies.get("dure_mode") is None
    assert client.get("/display/").status_code == 405


@pytest.mark.django_db
def test_display_needs_the_token():
    assert Client(enforce_csrf_checks=True).post("/display/", {"mode": "dark"}).status_code == 403


def test_automatic_modes_are_the_chosen_ones():
    css = (STATIC / "dure.css").read_text()
    for mode, query in (("dark", "prefers-color-scheme: dark"), ("high-contrast", "prefers-contrast: more")):
        chosen = re.search(rf'^:root\[data-krds-mode="{mode}"\] {{\n(.*?)\n}}', css, re.S | re.M).group(1)
        automatic = re.search(rf"@media \({query}\) {{ :root:not\(\[data-krds-mode\]\) {{\n(.*?)\n}} }}", css, re.S)
        assert automatic.group(1) == chosen


def _luminance(colour: str) -> float:
    colour = colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("mode", ["light", "dark", "high-contrast"])
def test_colours_have_the_contrast_that_reading_needs(mode):
    tokens = dict(re.findall(r"(--[\w-]+): (#\w+);", (STATIC / "vendor" / "krds_tokens.css").read_text()))
    css = (STATIC / "dure.css").read_text()
    start = ":root {" if mode == "light" else f':root[data-krds-mode="{mode}"] {{'
    block = css[css.index(start) : css.index("\n}", css.index(start))]
    values = dict(re.findall(r"(--[\w-]+): ([^;]+);", block))

    def colour(name: str) -> str:
        value = values[name]
        while value.startswith("var("):
            inner = value[4:-1]
            value = tokens.get(inner) or values[inner]
        return value

    def contrast(one: str, other: str) -> float:
        high, low = sorted((_luminance(colour(one)), _luminance(colour(other))), reverse=True)
        return (high + 0.05) / (low + 0.05)

    pairs = [("--ink", "--bg"), ("--ink-soft", "--bg-soft"), ("--ink-faint", "--bg-soft"), ("--primary", "--bg")]
    pairs += [("--on-primary", "--primary"), ("--primary", "--primary-soft")]
    pairs += [(f"--{tone}", f"--{tone}-soft") for tone in ("good", "warn", "bad", "note", "idle")]
    pairs += [(f"--c{i}", "--bg") for i in range(1, 9)]  # letters in the page's colour stand on these
    for one, other in pairs:
        assert contrast(one, other) >= 4.5, (one, other, contrast(one, other))


def test_nothing_is_fetched_from_elsewhere():
    for path in STATIC.rglob("*"):
        if path.suffix in (".css", ".svg") or path.name == "dure.js":
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in text and "https://" not in text, path
    for name in re.findall(r"url\(([^)]+)\)", (STATIC / "dure.css").read_text()):
        assert (STATIC / name).exists(), name
