"""Training runs whose makers published parameters, tokens, GPU and GPU-hours: facts only, each with where it stands.

They are what the estimator's efficiency is taken from and checked against. Where a maker gives GPUs and days instead of
GPU-hours, `gpu_hours` is their product and `is_product` says so. Parameters are those active for a token. A distilled
model learns from larger ones, whose own forward passes are in its hours, so that its size does not tell the work.
"""

from __future__ import annotations

from dataclasses import dataclass

_MILLION, _BILLION = 10**6, 10**9


@dataclass(frozen=True, slots=True)
class Run:
    """One published run. `tokens` processed in all; `maker` groups runs that share a code base and a cluster."""

    name: str
    maker: str
    parameters: int
    tokens: int
    gpu: str
    gpu_hours: int
    source: str
    is_product: bool = False
    is_distilled: bool = False
    remark: str = ""


_LLAMA_1 = "LLaMA paper, tables 2 and 15: https://arxiv.org/abs/2302.13971"
_LLAMA_2 = "https://github.com/meta-llama/llama/blob/main/MODEL_CARD.md"
_LLAMA_3 = "https://github.com/meta-llama/llama3/blob/main/MODEL_CARD.md"
_LLAMA_3_1 = "https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/MODEL_CARD.md"
_LLAMA_3_2 = "https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/MODEL_CARD.md"
_LLAMA_4 = "https://github.com/meta-llama/llama-models/blob/main/models/llama4/MODEL_CARD.md"
_DISTILLED = (
    "pruned and distilled from larger models, whose own forward passes are in the hours; 'up to' 9 trillion tokens"
)
_EXPERTS = "mixture of experts, images among the tokens"


def _run(
    name: str, maker: str, millions: int, billions: int, gpu: str, gpu_hours: int, source: str, remark: str = ""
) -> Run:
    return Run(
        name,
        maker,
        millions * _MILLION,
        billions * _BILLION,
        gpu,
        gpu_hours,
        source,
        is_distilled=remark == _DISTILLED,
        remark=remark,
    )


def _product(name: str, maker: str, millions: int, billions: int, gpu: str, gpus: int, hours: int, source: str) -> Run:
    return Run(name, maker, millions * _MILLION, billions * _BILLION, gpu, gpus * hours, source, is_product=True)


RUNS: tuple[Run, ...] = (
    _run("LLaMA 7B", "Meta 2023", 6_700, 1_000, "a100", 82_432, _LLAMA_1),
    _run("LLaMA 13B", "Meta 2023", 13_000, 1_000, "a100", 135_168, _LLAMA_1),
    _run("LLaMA 33B", "Meta 2023", 32_500, 1_400, "a100", 530_432, _LLAMA_1),
    _run("LLaMA 65B", "Meta 2023", 65_200, 1_400, "a100", 1_022_362, _LLAMA_1),
    _run("Llama 2 7B", "Meta 2023", 7_000, 2_000, "a100", 184_320, _LLAMA_2),
    _run("Llama 2 13B", "Meta 2023", 13_000, 2_000, "a100", 368_640, _LLAMA_2),
    _run("Llama 2 70B", "Meta 2023", 70_000, 2_000, "a100", 1_720_320, _LLAMA_2),
    _run(
        "BLOOM 176B",
        "BigScience",
        176_000,
        366,
        "a100",
        1_082_990,
        "https://arxiv.org/abs/2211.02001 (hours); https://arxiv.org/abs/2211.05100 (parameters, tokens)",
    ),
    _product("GPT-NeoX-20B", "EleutherAI", 20_600, 472, "a100", 96, 1_830, "https://arxiv.org/abs/2204.06745"),
    _run("Falcon 180B", "TII", 180_000, 3_500, "a100", 7_000_000, "https://huggingface.co/blog/falcon-180b"),
    _product("TinyLlama 1.1B", "TinyLlama", 1_100, 3_000, "a100", 16, 90 * 24, "https://github.com/jzhang38/TinyLlama"),
    _product("Phi-2", "Microsoft", 2_700, 1_400, "a100", 96, 14 * 24, "https://huggingface.co/microsoft/phi-2"),
    _run("Llama 3 8B", "Meta 2024", 8_000, 15_000, "h100", 1_300_000, _LLAMA_3),
    _run("Llama 3 70B", "Meta 2024", 70_000, 15_000, "h100", 6_400_000, _LLAMA_3),
    _run("Llama 3.1 8B", "Meta 2024", 8_000, 15_000, "h100", 1_460_000, _LLAMA_3_1),
    _run("Llama 3.1 70B", "Meta 2024", 70_000, 15_000, "h100", 7_000_000, _LLAMA_3_1),
    _run("Llama 3.1 405B", "Meta 2024", 405_000, 15_000, "h100", 30_840_000, _LLAMA_3_1),
    _run("Llama 3.2 1B", "Meta 2024", 1_230, 9_000, "h100", 370_000, _LLAMA_3_2, _DISTILLED),
    _run("Llama 3.2 3B", "Meta 2024", 3_210, 9_000, "h100", 460_000, _LLAMA_3_2, _DISTILLED),
    _run("Llama 4 Scout", "Meta 2025", 17_000, 40_000, "h100", 5_000_000, _LLAMA_4, _EXPERTS),
    _run("Llama 4 Maverick", "Meta 2025", 17_000, 22_000, "h100", 2_380_000, _LLAMA_4, _EXPERTS),
    _run(
        "DeepSeek-V3",
        "DeepSeek",
        37_000,
        14_800,
        "h800",
        2_664_000,
        "https://github.com/deepseek-ai/DeepSeek-V3 (pre-training alone)",
        "mixture of experts, 8-bit arithmetic",
    ),
    _product(
        "Phi-3-mini 128K (June 2024)",
        "Microsoft",
        3_800,
        4_900,
        "h100",
        512,
        10 * 24,
        "https://huggingface.co/microsoft/Phi-3-mini-128k-instruct",
    ),
    _product(
        "Phi-3-medium",
        "Microsoft",
        14_000,
        4_800,
        "h100",
        512,
        42 * 24,
        "https://huggingface.co/microsoft/Phi-3-medium-4k-instruct",
    ),
    _product("Phi-4", "Microsoft", 14_000, 9_800, "h100", 1_920, 21 * 24, "https://huggingface.co/microsoft/phi-4"),
    _product("SmolLM3 3B", "Hugging Face", 3_080, 11_200, "h100", 384, 24 * 24, "https://huggingface.co/blog/smollm3"),
)
