"""How much do I need: from a model and its tokens to GPU-hours with a range, and to servers × months that would do.

Arithmetic is counted (6 operations per parameter and token for training, 4 with frozen weights, 2 for a forward pass)
and divided by what a GPU really delivers: its peak times an efficiency read off published runs, all stops included.
Every figure comes with the assumptions it rests on. Whole numbers throughout. See docs/estimator.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.published_runs import RUNS, Run

Kind = Literal["training", "full_tuning", "lora_tuning", "inference"]
Generation = Literal["ampere", "hopper", "ada", "blackwell"]
KINDS: dict[Kind, Text] = {
    "training": Text("처음부터 학습", "Training from scratch"),
    "full_tuning": Text("전체 미세 조정", "Fine-tuning, all weights"),
    "lora_tuning": Text("LoRA 미세 조정", "Fine-tuning, LoRA"),
    "inference": Text("추론", "Inference"),
}

HOURS_PER_MONTH = 730
AVAILABLE_PERMILLE = 900  # of the hours of an award: the rest goes to setting up, waiting, maintenance
CONTEXT_TOKENS = 4096
_OPERATIONS: dict[Kind, int] = {"training": 6, "full_tuning": 6, "lora_tuning": 4, "inference": 2}
_BYTES: dict[Kind, int] = {"training": 16, "full_tuning": 16, "lora_tuning": 2, "inference": 2}  # per parameter
_SPARE_PERMILLE = 1250  # memory for activations or the cache of keys and values, on top of what must be there
_PROMPT_PERMILLE = (600, 400, 200)  # efficiency while reading prompts: best, typical, worst
_TOGETHER = (128, 32, 8)  # answers written side by side: best, typical, worst
_BANDWIDTH_PERMILLE = 600  # of the memory's peak, while writing answers


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU model: dense 16-bit tera-operations per second (no sparsity), memory, memory bandwidth, and its source."""

    code: str
    name: str
    generation: Generation
    dense_tflops: int
    memory_gb: int
    bandwidth_gb_s: int
    source: str


GPUS: tuple[Gpu, ...] = (
    Gpu("a100", "NVIDIA A100 80GB SXM", "ampere", 312, 80, 2039, "https://www.nvidia.com/en-us/data-center/a100/"),
    Gpu("h100", "NVIDIA H100 SXM", "hopper", 989, 80, 3350, "https://www.nvidia.com/en-us/data-center/h100/"),
    Gpu("h800", "NVIDIA H800 SXM", "hopper", 989, 80, 3350, "https://arxiv.org/abs/2412.19437"),
    Gpu("h200", "NVIDIA H200 SXM", "hopper", 989, 141, 4800, "https://www.nvidia.com/en-us/data-center/h200/"),
    Gpu("b200", "NVIDIA B200 SXM", "blackwell", 2250, 180, 8000, "https://www.nvidia.com/en-us/data-center/hgx/"),
    Gpu("l40s", "NVIDIA L40S", "ada", 362, 48, 864, "https://www.nvidia.com/en-us/data-center/l40s/"),
)
_GPU = {gpu.code: gpu for gpu in GPUS}


@dataclass(frozen=True, slots=True)
class Need:
    """What is to be done. `parameters` are those active for a token, `total_parameters` all of them (0: the same).

    `tokens` are read (all epochs together), `output_tokens` written (inference only). `efficiency_percent` replaces the
    published efficiency by the applicant's own; `development_percent` adds trials before the run that counts.
    """

    kind: Kind
    parameters: int
    tokens: int
    gpu: str
    total_parameters: int = 0
    output_tokens: int = 0
    context_tokens: int = CONTEXT_TOKENS
    efficiency_percent: int | None = None
    development_percent: int = 0


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Share of the peak that reaches the model's arithmetic, in ‰, all stops included; `runs` it is read off."""

    low: int
    typical: int
    high: int
    runs: int


@dataclass(frozen=True, slots=True)
class Hours:
    """GPU-hours: if all goes well, as a rule, if it does not."""

    low: int
    typical: int
    high: int


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing the figure rests on, and where it comes from (empty: our own choice)."""

    text: Text
    source: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The answer. `least_gpus` must hold the model at once; `gpu` is the model asked for."""

    gpu: Gpu
    hours: Hours
    least_gpus: int
    assumptions: tuple[Assumption, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may be asked for on a track: whole servers and calendar months, both ends allowed."""

    gpus_per_node: int
    min_nodes: int
    max_nodes: int
    min_months: int
    max_months: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """So many servers for so many months give `gpu_hours` that can be used; does that cover the estimate?"""

    nodes: int
    months: int
    gpu_hours: int
    covers_typical: bool
    covers_high: bool


def gpu(code: str) -> Gpu | None:
    """The GPU model with this code (the programme file's), or None when its rates are not in the catalogue."""
    return _GPU.get(code)


def estimate(need: Need, runs: Sequence[Run] = RUNS) -> Estimate:
    """GPU-hours for `need`, with range and assumptions. Raises InvalidInput when it makes no sense."""
    _check(need)
    chosen = _GPU[need.gpu]
    if need.kind == "inference":
        hours, assumptions = _inference(need, chosen)
    else:
        hours, assumptions = _training(need, chosen, runs)
    return Estimate(chosen, _with_development(hours, need), _least_gpus(need, chosen), _common(need, assumptions))


def efficiency_of(generation: Generation, runs: Sequence[Run] = RUNS) -> Efficiency:
    """Lowest, median and highest of what published runs on this generation of GPUs reached.

    Distilled models are left out: counting by their own size does not describe the work. A generation
    without a published run takes Hopper's, the newest that has any.
    """
    counted = [run for run in runs if not run.is_distilled]
    own = [run for run in counted if _GPU[run.gpu].generation == generation]
    reached = sorted(map(implied_permille, own or [run for run in counted if _GPU[run.gpu].generation == "hopper"]))
    return Efficiency(reached[0], _median(reached), reached[-1] + 1, len(own))  # rounded outwards


def implied_permille(run: Run) -> int:
    """The efficiency a published run reached: counted arithmetic over what its GPU-hours could have done at peak."""
    return reached_permille(_GPU[run.gpu], run.parameters, run.tokens, run.gpu_hours * 3600)


def reached_permille(chosen: Gpu, parameters: int, tokens: int, gpu_seconds: int) -> int:
    """Model FLOPs utilisation of a training in ‰: its counted arithmetic over what its GPUs could do at peak.

    Source of the definition: PaLM (https://arxiv.org/abs/2204.02311), section 4.1 and appendix B.
    """
    operations = tokens * _operations_per_token("training", parameters, CONTEXT_TOKENS)
    return operations * 1000 // (gpu_seconds * chosen.dense_tflops * 10**12)


def suggest(found: Estimate, bounds: Bounds) -> tuple[Suggestion, ...]:
    """Servers × months that cover the typical estimate, fewest servers first; for each number the shortest time.

    Where even the most does not cover it, that one is returned, and `covers_typical` is False.
    """
    least = max(bounds.min_nodes, -(-found.least_gpus // bounds.gpus_per_node))
    suggestions: dict[int, Suggestion] = {}
    for months in range(bounds.min_months, bounds.max_months + 1):
        per_node = bounds.gpus_per_node * HOURS_PER_MONTH * months * AVAILABLE_PERMILLE // 1000
        nodes = max(least, -(-found.hours.typical // per_node))
        if nodes <= bounds.max_nodes:
            usable = nodes * per_node
            suggestions.setdefault(nodes, Suggestion(nodes, months, usable, True, usable >= found.hours.high))
    if suggestions:
        return tuple(suggestions[nodes] for nodes in sorted(suggestions))
    usable = bounds.max_nodes * bounds.gpus_per_node * HOURS_PER_MONTH * bounds.max_months * AVAILABLE_PERMILLE // 1000
    return (Suggestion(bounds.max_nodes, bounds.max_months, usable, False, False),)


def _check(need: Need) -> None:
    mistakes = []
    for where, value in (("parameters", need.parameters), ("context_tokens", need.context_tokens)):
        if value <= 0:
            mistakes.append(Mistake(where, _POSITIVE))
    if need.tokens < 0 or need.output_tokens < 0 or need.tokens + need.output_tokens == 0:
        mistakes.append(Mistake("tokens", _POSITIVE))
    if need.total_parameters and need.total_parameters < need.parameters:
        mistakes.append(Mistake("total_parameters", _TOTAL))
    if need.efficiency_percent is not None and not 1 <= need.efficiency_percent <= 100:
        mistakes.append(Mistake("efficiency_percent", _PERCENT))
    if not 0 <= need.development_percent <= 1000:
        mistakes.append(Mistake("development_percent", _DEVELOPMENT))
    if need.gpu not in _GPU:
        mistakes.append(Mistake("gpu", _UNKNOWN_GPU.format(gpu=need.gpu)))
    if mistakes:
        raise InvalidInput(mistakes)


def _training(need: Need, chosen: Gpu, runs: Sequence[Run]) -> tuple[Hours, list[Assumption]]:
    per_token = _operations_per_token(need.kind, need.parameters, need.context_tokens)
    work = need.tokens * per_token
    if need.efficiency_percent is not None:
        own = 10 * need.efficiency_percent
        used = Efficiency(max(1, own * 3 // 4), own, min(1000, own * 5 // 4), 0)
        assumptions = [Assumption(_OWN.format(percent=need.efficiency_percent))]
    else:
        used = efficiency_of(chosen.generation, runs)
        shown = {"low": used.low / 10, "typical": used.typical / 10, "high": used.high / 10, "gpu": chosen.name}
        text = _PUBLISHED.format(runs=used.runs, **shown) if used.runs else _NO_RUNS.format(**shown)
        assumptions = [Assumption(text, _UTILISATION_SOURCE)]
    each = [_hours(work, chosen.dense_tflops * 10**9 * share) for share in (used.high, used.typical, used.low)]
    assumptions.insert(0, _counted(need.kind))
    return Hours(*each), assumptions


def _inference(need: Need, chosen: Gpu) -> tuple[Hours, list[Assumption]]:
    """Reading prompts is bound by arithmetic; writing answers by reading the weights once for all answers together."""
    per_token = _operations_per_token("inference", need.parameters, need.context_tokens)
    weights = _BYTES["inference"] * max(need.parameters, need.total_parameters)
    each = []
    for share, together in zip(_PROMPT_PERMILLE, _TOGETHER, strict=True):
        rate = chosen.dense_tflops * 10**9 * share
        reading = _hours(need.tokens * per_token, rate)
        by_memory = _hours(need.output_tokens * weights, chosen.bandwidth_gb_s * 10**6 * _BANDWIDTH_PERMILLE * together)
        each.append(reading + max(by_memory, _hours(need.output_tokens * per_token, rate)))
    texts = [_counted("inference"), Assumption(_PROMPTS), Assumption(_ANSWERS, "https://arxiv.org/abs/2211.05102")]
    return Hours(*each), texts


def _operations_per_token(kind: Kind, parameters: int, context_tokens: int) -> int:
    """Arithmetic per token: weights, and attention over on average half the context (PaLM, appendix B, causal half).

    Attention needs layers × width, which for the usual shape (128 units of width per layer) follows from `parameters`.
    """
    width = _cube_root(parameters * 128 // 12)
    layers_times_width = parameters // (12 * max(1, width))
    attention = layers_times_width * context_tokens  # 1 multiply-add for scores, 1 for values, over half the context
    return _OPERATIONS[kind] * (parameters + attention)


def _least_gpus(need: Need, chosen: Gpu) -> int:
    held = max(need.parameters, need.total_parameters) * _BYTES[need.kind] * _SPARE_PERMILLE // 1000
    return -(-held // (chosen.memory_gb * 10**9))


def _with_development(hours: Hours, need: Need) -> Hours:
    more = 100 + need.development_percent
    return Hours(*(-(-part * more // 100) for part in (hours.low, hours.typical, hours.high)))


def _common(need: Need, assumptions: list[Assumption]) -> tuple[Assumption, ...]:
    chosen = _GPU[need.gpu]
    peak = Assumption(_PEAK.format(gpu=chosen.name, tflops=chosen.dense_tflops), chosen.source)
    memory = Assumption(_MEMORY.format(bytes=_BYTES[need.kind], gpu=chosen.name, gb=chosen.memory_gb), _MEMORY_SOURCE)
    if need.development_percent:
        trials = Assumption(_TRIALS.format(percent=need.development_percent), _TRIALS_SOURCE)
    else:
        trials = Assumption(_NO_TRIALS, _TRIALS_SOURCE)
    return (assumptions[0], peak, *assumptions[1:], memory, trials, Assumption(_DENSE))


def _hours(work: int, per_second: int) -> int:
    """Whole hours, rounded up."""
    return -(-work // (per_second * 3600))


def _median(ordered: Sequence[int]) -> int:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def _cube_root(value: int) -> int:
    """The whole part of the cube root."""
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle - 1)
    return low


def _counted(kind: Kind) -> Assumption:
    return Assumption(_COUNTED.format(count=_OPERATIONS[kind], kind=KINDS[kind]), "https://arxiv.org/abs/2001.08361")


_POSITIVE = Text("0보다 큰 수를 입력하십시오.", "Enter a number above 0.")
_TOTAL = Text(
    "전체 매개변수는 토큰마다 쓰이는 매개변수보다 적을 수 없습니다.",
    "The total cannot be below the parameters active for a token.",
)
_PERCENT = Text("효율은 1%에서 100% 사이로 입력하십시오.", "Enter an efficiency from 1 to 100 percent.")
_DEVELOPMENT = Text("시험 실행은 0%에서 1000% 사이로 입력하십시오.", "Enter 0 to 1000 percent for trials.")
_UNKNOWN_GPU = Text(
    "{gpu}의 성능 자료가 없습니다. 다른 GPU를 선택하거나 필요량을 직접 적으십시오.",
    "No rates are known for {gpu}. Choose another GPU, or state your need yourself.",
)
_COUNTED = Text(
    "{kind}: 토큰과 매개변수마다 연산 {count}번에 어텐션을 더해 셉니다.",
    "{kind}: {count} operations per token and parameter are counted, and attention on top.",
)
_PEAK = Text(
    "{gpu}의 16비트 최고 성능은 희소 연산 없이 초당 {tflops}조 번입니다.",
    "{gpu} peaks at {tflops} tera-operations per second in 16 bits, without sparsity.",
)
_PUBLISHED = Text(
    "효율은 최고 성능의 {typical}%(범위 {low}~{high}%)로 봅니다. 같은 세대 GPU에서 공개된 학습 {runs}건의 중앙값과"
    " 최저, 최고이며, 중단과 재시작을 모두 포함합니다.",
    "Efficiency is taken as {typical} % of the peak (range {low} to {high} %): median, lowest and highest of {runs}"
    " published runs on this generation of GPUs, all stops and restarts included.",
)
_NO_RUNS = Text(
    "{gpu} 세대에는 GPU 시간이 공개된 학습이 없어 Hopper 세대의 효율 {typical}%(범위 {low}~{high}%)를 씁니다."
    " 실제와 더 다를 수 있습니다.",
    "No run on the generation of {gpu} has published hours; Hopper's efficiency of {typical} % (range {low} to"
    " {high} %) is used instead and may be further off.",
)
_OWN = Text(
    "효율은 직접 입력한 {percent}%이며, 범위는 그 값의 3/4에서 5/4까지입니다.",
    "Efficiency is your own {percent} %; the range is three to five quarters of it.",
)
_PROMPTS = Text(
    "입력을 읽을 때의 효율은 최고 성능의 40%(범위 20~60%)로 봅니다. 공개 자료로 검증하지 않은 가정입니다.",
    "Reading prompts is taken to reach 40 % of the peak (range 20 to 60 %): an assumption not checked against"
    " published figures.",
)
_ANSWERS = Text(
    "답을 쓸 때는 32건(범위 8~128건)을 함께 처리하고 메모리 대역폭의 60%를 쓴다고 봅니다. 긴 문맥의 캐시를 읽는"
    " 시간은 넣지 않았습니다. 공개 자료로 검증하지 않은 가정입니다.",
    "Answers are taken to be written 32 at a time (range 8 to 128) at 60 % of the memory's bandwidth; reading the cache"
    " of long contexts is left out. An assumption not checked against published figures.",
)
_MEMORY = Text(
    "매개변수마다 {bytes}바이트에 여유 25%를 더한 메모리가 필요합니다. {gpu}의 메모리는 {gb}GB입니다.",
    "Memory of {bytes} bytes per parameter and a quarter to spare is needed; {gpu} has {gb} GB.",
)
_UTILISATION_SOURCE = "https://arxiv.org/abs/2204.02311"
_MEMORY_SOURCE = "https://arxiv.org/abs/1910.02054"
_TRIALS = Text(
    "본 실행 전의 시험에 {percent}%를 더했습니다. 한 연구소는 개발에 본 학습의 약 50%를 썼다고 밝혔습니다.",
    "{percent} % is added for trials before the run that counts; one laboratory reports about 50 % for development.",
)
_NO_TRIALS = Text(
    "본 실행 전의 시험은 넣지 않았습니다. 한 연구소는 개발에 본 학습의 약 50%를 썼다고 밝혔습니다.",
    "Trials before the run that counts are not included; one laboratory reports about 50 % for development.",
)
_TRIALS_SOURCE = "https://arxiv.org/abs/2503.05804"
_DENSE = Text(
    "트랜스포머 언어 모델을 위한 추정입니다. 다른 모델은 짧게 실행해 측정한 값으로 적으십시오.",
    "This is for transformer language models; for others, state what a short measured run took.",
)
