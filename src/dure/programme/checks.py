"""What must hold between the values of a programme file, beyond their shape.

The checks read the plain values, not the model, so that they speak even where other parts are malformed;
a value of the wrong type is passed over here because the schema already names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dure.core.text import Text
from dure.programme.source_checks import sources
from dure.programme.yaml_text import Document, LineMistake, Path

CODED = (
    "providers",
    "gpu_models",
    "clusters",
    "applicant_classes",
    "regions",
    "research_fields",
    "tracks",
    "calls",
    "duties",
    "reports",
    "ministries",
    "support",
    "idle_rules",
    "pull_back_rules",
    "budget.lines",
    "rubric.criteria",
)

REFERENCES = (
    ("clusters.*.provider", "providers"),
    ("clusters.*.gpu_model", "gpu_models"),
    ("tracks.*.limits.*.gpu_model", "gpu_models"),
    ("tracks.*.interview_from.*.gpu_model", "gpu_models"),
    ("tracks.*.automatic.*.gpu_model", "gpu_models"),
    ("tracks.*.applicant_classes.*", "applicant_classes"),
    ("tracks.*.endorsed_classes.*", "applicant_classes"),
    ("youth.applicant_classes.*", "applicant_classes"),
    ("idle_rules.*.applicant_classes.*", "applicant_classes"),
    ("pull_back_rules.*.applicant_classes.*", "applicant_classes"),
    ("reports.*.applicant_classes.*", "applicant_classes"),
    ("policy.class_caps.*.applicant_class", "applicant_classes"),
    ("policy.class_floors.*.applicant_class", "applicant_classes"),
    ("policy.targets.applicant_classes.*.applicant_class", "applicant_classes"),
    ("policy.region_caps.*.regions.*", "regions"),
    ("policy.region_floors.*.regions.*", "regions"),
    ("policy.targets.regions.*.regions.*", "regions"),
    ("policy.reserves.*.track", "tracks"),
    ("calls.*.tracks.*", "tracks"),
    ("calls.*.offers.*.cluster", "clusters"),
    ("applicant_classes.*.duties.*", "duties"),
)

UNIQUE = (
    ("tracks.*.limits", "gpu_model"),
    ("tracks.*.interview_from", "gpu_model"),
    ("tracks.*.automatic", "gpu_model"),
    ("calls.*.offers", "cluster"),
    ("policy.class_caps", "applicant_class"),
    ("policy.class_floors", "applicant_class"),
    ("policy.reserves", "track"),
    ("idle_rules.*.signals", "signal"),
    ("rubric.criteria.*.anchors", "at_percent"),
)

Mistakes = Iterator[LineMistake]


def every(document: Document) -> Mistakes:
    """All mistakes between values, check by check."""
    checks: tuple[Callable[[Document], Mistakes], ...] = (
        codes,
        references,
        time_zone,
        dates,
        sums,
        limits,
        prices,
        offers,
        rules,
        sources,
    )
    for check in checks:
        yield from check(document)


def select(root: Any, pattern: str) -> Iterator[tuple[Path, Any]]:
    """Every value `pattern` names, `*` standing for each member of a list; what is not there is passed over."""
    found: list[tuple[Path, Any]] = [((), root)]
    for step in pattern.split("."):
        if step == "*":
            found = [((*p, i), item) for p, v in found if isinstance(v, list) for i, item in enumerate(v)]
        else:
            found = [((*p, step), v[step]) for p, v in found if isinstance(v, dict) and v.get(step) is not None]
    yield from found


def codes(document: Document) -> Mistakes:
    """Codes, and other keys that name a member, stand once in their list."""
    for pattern, key in (*((coded, "code") for coded in CODED), *UNIQUE):
        for path, items in select(document.root, pattern):
            seen: dict[Any, int] = {}
            for place, value in select(items, f"*.{key}"):
                if not isinstance(value, str | int):
                    continue
                at = (*path, *place)
                if value in seen:
                    what = Text(
                        f"'{value}'은(는) {seen[value]}번째 줄에 이미 있습니다.",
                        f"'{value}' already stands on line {seen[value]}.",
                    )
                    remedy = Text("다른 코드를 쓰거나 하나를 지우십시오.", "Use another code, or delete one of them.")
                    yield document.mistake(at, what, remedy)
                else:
                    seen[value] = document.line(at)


def references(document: Document) -> Mistakes:
    """Whatever names a provider, model, class … names one that the file defines."""
    for pattern, target in REFERENCES:
        known = [str(code) for _, code in select(document.root, f"{target}.*.code")]
        for path, code in select(document.root, pattern):
            if isinstance(code, str) and code not in known:
                what = Text(f"'{code}'은(는) {target}에 없습니다.", f"'{code}' is not in {target}.")
                listed = ", ".join(known) or "-"
                remedy = Text(
                    f"{target}에 있는 코드를 쓰십시오: {listed}.", f"Use one of the codes in {target}: {listed}."
                )
                yield document.mistake(path, what, remedy)


def time_zone(document: Document) -> Mistakes:
    """The time zone is one the tz database knows."""
    for path, name in select(document.root, "timezone"):
        if not isinstance(name, str):
            continue
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what = Text(f"'{name}'은(는) 시간대 이름이 아닙니다.", f"'{name}' is not a time zone.")
            yield document.mistake(
                path, what, Text("Asia/Seoul처럼 적으십시오.", "Write it as in Asia/Seoul or Europe/Dublin.")
            )


def dates(document: Document) -> Mistakes:
    """What must come first comes first."""
    root = document.root
    pairs = [("period", "start", "end", True)]
    for place in range(_length(root, "calls")):
        pairs += [
            (f"calls.{place}", "opens_at", "closes_at", True),
            (f"calls.{place}", "closes_at", "result_on", False),
            (f"calls.{place}", "result_on", "first_use_on", False),
        ]
    for part, before, after, strictly in pairs:
        base = _step(root, part)
        if base is None:
            continue
        path, holder = base
        first, second = _day(holder.get(before)), _day(holder.get(after))
        if isinstance(first, datetime) and isinstance(second, datetime):
            wrong = (first.tzinfo is None) == (second.tzinfo is None) and first >= second
        elif first is None or second is None:
            continue
        else:
            early, late = _as_date(first), _as_date(second)
            wrong = early >= late if strictly else early > late
        if wrong:
            what = Text(f"{after}이(가) {before}보다 앞섭니다.", f"{after} comes before {before}.")
            remedy = Text(f"{before} 이후의 값으로 고치십시오.", f"Set it later than {before}.")
            yield document.mistake((*path, after), what, remedy)


def sums(document: Document) -> Mistakes:
    """Parts sum to their whole."""
    root = document.root
    weights = _numbers(root, "rubric.criteria.*.weight")
    if weights and sum(weights) != 100:
        what = Text(f"배점의 합이 {sum(weights)}점입니다.", f"The weights sum to {sum(weights)}.")
        yield document.mistake(
            ("rubric", "criteria"), what, Text("합이 100이 되도록 고치십시오.", "Make them sum to 100.")
        )
    total = _one(root, "budget.total")
    lines = _numbers(root, "budget.lines.*.amount")
    if _is_int(total) and lines and sum(lines) != total:
        what = Text(
            f"항목의 합 {sum(lines):,}이(가) 총액 {total:,}과(와) 다릅니다.",
            f"The lines sum to {sum(lines):,}, not to the total of {total:,}.",
        )
        yield document.mistake(
            ("budget", "total"), what, Text("총액이나 항목을 고치십시오.", "Correct the total or a line.")
        )
    for part in ("class_floors", "region_floors", "reserves"):
        shares = _numbers(root, f"policy.{part}.*.permille")
        if sum(shares) > 1000:
            what = Text(f"{part}의 합이 {sum(shares)}‰입니다.", f"{part} sum to {sum(shares)} ‰.")
            yield document.mistake(
                ("policy", part), what, Text("합을 1000‰ 이하로 줄이십시오.", "Bring them to 1000 ‰ or less.")
            )


def limits(document: Document) -> Mistakes:
    """The least is not more than the most, and the most can exist."""
    root = document.root
    largest = _largest(root)
    for pattern, low, high in (("tracks.*.limits.*", "min_nodes", "max_nodes"), ("tracks.*.months", "min", "max")):
        for path, part in select(root, pattern):
            if not (_is(part) and _is_int(part.get(low)) and _is_int(part.get(high))):
                continue
            if part[low] > part[high]:
                what = Text(
                    f"{low}({part[low]})이 {high}({part[high]})보다 큽니다.",
                    f"{low} ({part[low]}) is more than {high} ({part[high]}).",
                )
                yield document.mistake((*path, low), what, Text("둘 중 하나를 고치십시오.", "Correct one of the two."))
            most = largest.get(str(part.get("gpu_model")))
            if most is not None and part[high] > most:
                what = Text(
                    f"그 모델의 가장 큰 클러스터도 {most}대입니다.",
                    f"The largest cluster of that model has {most} nodes.",
                )
                yield document.mistake((*path, high), what, Text(f"{most} 이하로 줄이십시오.", f"Use {most} or fewer."))
    for part in ("class", "region"):
        yield from _floors_under_caps(document, f"policy.{part}_floors.*", f"policy.{part}_caps.*")


def _largest(root: Any) -> dict[str, int]:
    """Nodes of the largest government cluster of each model; nothing where a cluster's size cannot be read."""
    found: dict[str, int] = {}
    for _, cluster in select(root, "clusters.*"):
        if not _is(cluster) or not _is_int(cluster.get("nodes")):
            return {}
        if cluster.get("share") == "government":
            model = str(cluster.get("gpu_model"))
            found[model] = max(found.get(model, 0), cluster["nodes"])
    return found


def _floors_under_caps(document: Document, floors: str, caps: str) -> Mistakes:
    def subject(share: dict[str, Any]) -> tuple[str, ...]:
        regions = share.get("regions")
        return tuple(sorted(map(str, regions))) if isinstance(regions, list) else (str(share.get("applicant_class")),)

    most = {subject(c): c["permille"] for _, c in select(document.root, caps) if _is(c) and _is_int(c.get("permille"))}
    for path, floor in select(document.root, floors):
        if _is(floor) and _is_int(floor.get("permille")) and floor["permille"] > most.get(subject(floor), 1000):
            cap = most[subject(floor)]
            what = Text("최소 배분이 같은 대상의 상한보다 큽니다.", "The floor is above the cap on the same group.")
            yield document.mistake((*path, "permille"), what, Text(f"{cap} 이하로 줄이십시오.", f"Use {cap} or less."))


def prices(document: Document) -> Mistakes:
    """No fee is above the market reference, else the subsidy would be negative."""
    for path, model in select(document.root, "gpu_models.*"):
        fee = model.get("fee_per_node_month") if _is(model) else None
        rate = model.get("market_rate_per_node_month") if _is(model) else None
        if _is_int(fee) and _is_int(rate) and fee > rate:
            what = Text("이용료가 시장 기준 가격보다 높습니다.", "The fee is above the market reference rate.")
            remedy = Text("시장 기준 가격 이하로 고치십시오.", "Set it to the market rate or less.")
            yield document.mistake((*path, "fee_per_node_month"), what, remedy)


def offers(document: Document) -> Mistakes:
    """A call offers no more than there is, from the government share, once delivered, in a track's models."""
    root = document.root
    clusters = {c.get("code"): c for _, c in select(root, "clusters.*") if _is(c) and isinstance(c.get("code"), str)}
    for path, call in select(root, "calls.*"):
        for place, offer in select(call, "offers.*"):
            name = offer.get("cluster") if _is(offer) else None
            if isinstance(name, str) and name in clusters:
                for key, what, remedy in _offer(offer, clusters[name], _day(call.get("first_use_on"))):
                    yield document.mistake((*path, *place, key), what, remedy)
                models = _models_of(root, call)
                if models and clusters[name].get("gpu_model") not in models:
                    what = Text(
                        "공모의 트랙에 이 GPU 모델의 한도가 없습니다.",
                        "No track of the call has limits for its GPU model.",
                    )
                    remedy = Text(
                        "트랙의 limits에 그 모델을 더하십시오.", "Add the model to the limits of a track of the call."
                    )
                    yield document.mistake((*path, *place, "cluster"), what, remedy)


def _offer(
    offer: dict[str, Any], cluster: dict[str, Any], start: date | datetime | None
) -> Iterator[tuple[str, Text, Text]]:
    nodes, most = offer.get("nodes"), cluster.get("nodes")
    if _is_int(nodes) and _is_int(most) and nodes > most:
        what = Text(f"이 클러스터의 서버는 {most}대입니다.", f"The cluster has {most} nodes.")
        yield "nodes", what, Text(f"{most} 이하로 줄이십시오.", f"Offer {most} or fewer.")
    if cluster.get("share") == "self_use":
        what = Text("자체 활용분은 공모에 낼 수 없습니다.", "A self-use share cannot be offered.")
        yield "cluster", what, Text("정부 활용분 클러스터를 쓰십시오.", "Offer a cluster of the government share.")
    delivered = _day(cluster.get("delivered_on"))
    if start is not None and delivered is not None and _as_date(delivered) > _as_date(start):
        what = Text("사용 시작일까지 납품되지 않습니다.", "It is delivered only after the first day of use.")
        yield "cluster", what, Text("납품일이나 사용 시작일을 고치십시오.", "Correct delivered_on or first_use_on.")


def rules(document: Document) -> Mistakes:
    """Idle rules, pull-back tables and reports can be carried out as written."""
    root = document.root
    for path, rule in select(root, "idle_rules.*"):
        signals = [s for _, s in select(rule, "signals.*")]
        agree = rule.get("agree") if _is(rule) else None
        if _is_int(agree) and signals and agree > len(signals):
            what = Text(f"신호가 {len(signals)}개뿐입니다.", f"There are only {len(signals)} signals.")
            yield document.mistake(
                (*path, "agree"), what, Text("agree를 줄이거나 신호를 더하십시오.", "Lower agree, or add a signal.")
            )
        yield from _ladder(document, path, rule)
    for path, table in select(root, "pull_back_rules.*.checkpoints.*"):
        yield from _exactly_one(document, path, table, ("each_year_on", "after_months", "after_percent"))
        yield from _real_day(document, path, table)
        yield from _rising(document, (*path, "brackets"), table, "brackets.*.used_below_percent")
    for path, report in select(root, "reports.*"):
        yield from _exactly_one(document, path, report, ("every_months", "after_end_days"))


def _ladder(document: Document, path: Path, rule: Any) -> Mistakes:
    yield from _rising(document, (*path, "ladder"), rule, "ladder.*.after_hours")
    warned = False
    for place, action in select(rule, "ladder.*.action"):
        warned = warned or action == "notice"
        if action in ("lend", "shrink", "end") and not warned:
            what = Text("알림 없이 서버를 거둡니다.", "It takes nodes before any notice.")
            yield document.mistake(
                (*path, *place), what, Text("앞에 notice 단계를 두십시오.", "Put a notice step before it.")
            )
    for place, step in select(rule, "ladder.*"):
        if isinstance(step, dict) and step.get("action") == "lend" and step.get("takes_percent") != 100:
            what = Text("빌려줄 때는 쉬는 GPU를 모두 빌려줍니다.", "Lending is of everything that lies idle.")
            remedy = Text("100으로 적으십시오.", "Write 100.")
            yield document.mistake((*path, *place, "takes_percent"), what, remedy)


def _rising(document: Document, path: Path, part: Any, pattern: str) -> Mistakes:
    before: int | None = None
    for place, value in select(part, pattern):
        if not _is_int(value):
            continue
        if before is not None and value <= before:
            what = Text(
                f"{value}이(가) 앞의 값 {before}보다 크지 않습니다.", f"{value} is not above the {before} before."
            )
            yield document.mistake(
                (*path, *place[1:]), what, Text("작은 값부터 차례로 적으십시오.", "Write them in rising order.")
            )
        before = value


def _exactly_one(document: Document, path: Path, part: Any, keys: tuple[str, ...]) -> Mistakes:
    given = [key for key in keys if _is(part) and part.get(key) is not None]
    if _is(part) and len(given) != 1:
        names = ", ".join(keys)
        what = Text(
            f"{names} 가운데 {len(given)}개가 있습니다.", f"{len(given)} of {names} are given, where one is needed."
        )
        yield document.mistake(path, what, Text("하나만 적으십시오.", "Give exactly one of them."))


def _real_day(document: Document, path: Path, part: Any) -> Mistakes:
    on = part.get("each_year_on") if _is(part) else None
    if isinstance(on, str) and len(on) == 5 and _day(f"2023-{on}") is None:
        what = Text(f"'{on}'은(는) 해마다 있는 날짜가 아닙니다.", f"'{on}' is not a day of every year.")
        yield document.mistake(
            (*path, "each_year_on"), what, Text("월-일을 11-01처럼 적으십시오.", "Write month and day as in 11-01.")
        )


def _models_of(root: Any, call: dict[str, Any]) -> set[str]:
    tracks = call.get("tracks")
    wanted = tracks if isinstance(tracks, list) else []
    return {
        model
        for _, track in select(root, "tracks.*")
        if _is(track) and track.get("code") in wanted
        for _, model in select(track, "limits.*.gpu_model")
        if isinstance(model, str)
    }


def _step(root: Any, path: str) -> tuple[Path, dict[str, Any]] | None:
    steps: Path = tuple(int(s) if s.isdigit() else s for s in path.split("."))
    for step in steps:
        if isinstance(step, int) and isinstance(root, list):
            root = root[step]
        elif isinstance(step, str) and isinstance(root, dict):
            root = root.get(step)
    return (steps, root) if isinstance(root, dict) else None


def _length(root: Any, key: str) -> int:
    found = root.get(key) if isinstance(root, dict) else None
    return len(found) if isinstance(found, list) else 0


def _numbers(root: Any, pattern: str) -> list[int]:
    """All values of `pattern`, or none where one of them is no whole number and a sum would mislead."""
    values = [value for _, value in select(root, pattern)]
    numbers = [value for value in values if _is_int(value)]
    return numbers if len(numbers) == len(values) else []


def _one(root: Any, pattern: str) -> Any:
    return next((value for _, value in select(root, pattern)), None)


def _is(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _day(value: Any) -> date | datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        return None


def _as_date(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
