"""Ways to work on a subject: what a project would train, how, and in which fields it makes sense."""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from dataclasses import dataclass

ALL = ("language", "vision", "speech", "robotics", "mobility", "medicine", "bio", "materials", "climate", "manufacturing", "science", "systems", "media", "society")
TEXTUAL = ("language", "medicine", "systems", "society", "media", "science")
SENSED = ("vision", "speech", "robotics", "mobility", "medicine", "climate", "manufacturing", "media")
PHYSICAL = ("bio", "materials", "climate", "manufacturing", "science", "mobility")
ACTING = ("robotics", "mobility", "manufacturing", "systems", "climate", "science")


@dataclass(frozen=True, slots=True)
class Approach:
    """One approach: a noun phrase in Korean and English, sentences on the method, and the fields it suits."""

    ko: str
    en: str
    methods: tuple[str, ...]
    fields: tuple[str, ...]


APPROACHES = (
    Approach("기반모델 사전학습", "pre-training a foundation model", (
        "분야 자료로 기반모델을 처음부터 학습하고, 공개 모델을 미세조정한 경우와 같은 조건에서 비교합니다.",
        "공개 기반모델의 가중치에서 시작하여 분야 자료로 이어서 사전학습하고 과제별로 미세조정합니다.",
    ), ALL),
    Approach("멀티모달 기반모델", "a multimodal foundation model", (
        "영상과 글, 센서 값을 한 표현 공간에 정렬하여 한쪽 자료가 없을 때에도 동작하게 합니다.",
        "시각 부호기와 언어모델을 잇고, 현장에서 모은 질문과 답으로 단계별로 정렬합니다.",
    ), SENSED),
    Approach("자기지도학습", "self-supervised learning", (
        "사람이 표시하지 않은 원자료로 먼저 표현을 배우고, 적은 표시 자료로 마무리합니다.",
        "가린 부분을 되살리는 과제로 표현을 학습한 뒤 여러 하위 과제에서 전이 성능을 잽니다.",
    ), SENSED + PHYSICAL),
    Approach("확산 모델", "diffusion models", (
        "조건부 확산 모델을 학습하고, 물리 제약을 손실에 더하여 있을 수 없는 결과를 줄입니다.",
        "잠재 공간의 확산 모델로 학습 비용을 낮추고 생성 단계를 줄이는 증류를 함께 적용합니다.",
    ), ("vision", "speech", "robotics", "mobility", "bio", "materials", "climate", "media")),
    Approach("강화학습", "reinforcement learning", (
        "수천 개의 가상 환경을 GPU에서 동시에 돌려 정책을 학습하고 실제 장비에서 검증합니다.",
        "사람의 선호와 자동 검증 결과를 함께 보상으로 써서 정책을 개선합니다.",
    ), (*ACTING, "language", "society")),
    Approach("지식 증류와 경량화", "distillation and compression", (
        "큰 교사 모델의 출력을 이용해 작은 모델을 학습하고, 양자화한 뒤에도 성능이 유지되는지 확인합니다.",
        "구조를 가지치기한 모델을 증류로 회복시켜 현장 장비 한 대에서 실행되도록 합니다.",
    ), ("language", "vision", "speech", "robotics", "mobility", "medicine", "manufacturing", "systems")),
    Approach("검색 증강 언어모델", "retrieval-augmented language models", (
        "검색기와 생성기를 함께 학습하여 답마다 근거 문장을 제시하고, 근거가 없으면 답하지 않도록 합니다.",
        "문서를 구조 단위로 나누어 색인하고, 여러 번 찾아 읽는 추론 과정을 학습시킵니다.",
    ), TEXTUAL),
    Approach("그래프 신경망", "graph neural networks", (
        "대상 사이의 관계를 그래프로 나타내고, 대칭성을 지키는 신경망으로 대규모 자료를 학습합니다.",
        "수억 개의 간선을 나누어 학습하는 표본 추출 방법을 적용하여 전체 그래프를 다룹니다.",
    ), ("bio", "materials", "systems", "society", "climate", "mobility")),
    Approach("합성 데이터 생성", "synthetic data", (
        "부족한 사례를 생성 모델로 보충하고, 합성 자료의 비율에 따른 성능 변화를 체계적으로 잽니다.",
        "시뮬레이터와 생성 모델을 이어 드문 사례를 만들고 사람이 표본을 점검합니다.",
    ), ("language", "vision", "speech", "mobility", "medicine", "manufacturing", "systems", "society", "robotics")),
    Approach("월드 모델", "world models", (
        "행동에 따른 다음 상태를 예측하는 모델을 학습하고 그 안에서 계획을 세웁니다.",
        "영상에서 물리 법칙을 스스로 배우는 모델을 만들고, 예측 오차로 신뢰도를 함께 제시합니다.",
    ), ("robotics", "mobility", "media", "climate", "manufacturing")),
    Approach("신경 연산자", "neural operators", (
        "편미분방정식의 해를 직접 내놓는 신경 연산자를 학습하여 수치 해석을 수백 배 빠르게 합니다.",
        "여러 해상도의 수치 해석 결과를 함께 학습하고 보존 법칙을 어기지 않도록 제약합니다.",
    ), ("climate", "science", "materials", "manufacturing")),
    Approach("전문가 혼합 구조", "mixture-of-experts models", (
        "분야마다 전문가 층을 두고, 고르게 쓰이도록 분배 손실을 조정하며 학습합니다.",
        "조밀한 모델을 전문가 혼합 구조로 바꾸어 같은 계산량에서 성능을 높입니다.",
    ), ("language", "speech", "vision", "systems", "media")),
    Approach("AI 에이전트", "AI agents", (
        "도구를 부르고 결과를 스스로 점검하는 과정을 학습하며, 실패한 기록을 다시 학습에 씁니다.",
        "역할이 다른 여러 에이전트가 서로의 결과를 검토하게 하여 오류를 줄입니다.",
    ), (*TEXTUAL, "bio", "materials", "manufacturing")),
    Approach("불확실성 추정", "uncertainty estimation", (
        "여러 모델의 예측을 모아 얼마나 믿을 수 있는지 함께 알려 주고, 믿기 어려운 경우는 사람에게 넘깁니다.",
        "예측 구간의 포함률을 보정하여 실제 사용 조건에서도 보장되도록 합니다.",
    ), ("medicine", "climate", "science", "bio", "materials", "mobility", "society")),
)

TITLES = (
    ("{subject}{eul} 위한 {approach} 연구", "{approach} for {subject}"),
    ("{approach} 기반 {subject} 기술 개발", "{subject} with {approach}"),
    ("{subject}{eul} 위한 {approach} 개발과 실증", "{approach} for {subject}: development and field test"),
    ("{approach}{eul_approach} 활용한 {subject}", "{subject} through {approach}"),
    ("{subject} 성능 향상을 위한 {approach}", "Improving {subject} by {approach}"),
    ("{subject}: {approach}의 적용과 검증", "{subject}: applying and verifying {approach}"),
)

NOVELTIES = (
    "이미 공개된 결과와 같은 시험 자료로 비교하고, 차이가 생기는 원인을 밝힙니다.",
    "작은 규모의 예비 실험에서 기준 모델보다 오류가 {gain}% 줄어든 것을 확인하였습니다.",
    "지난 {years}년 동안 모은 자료가 있어 다른 곳에서 하기 어려운 규모의 실험이 가능합니다.",
    "예비 실험에서 모델 크기를 두 배로 늘릴 때마다 성능이 꾸준히 올라 규모를 키울 근거가 충분합니다.",
    "현장 기관 {sites}곳과 협약을 맺어 개발 중에도 실제 사용자의 평가를 받습니다.",
    "기존 방법이 실패하는 사례 {cases}건을 모아 시험 자료로 쓰며, 이 자료도 함께 공개합니다.",
)

PREPARED = (
    "데이터 {data}TB는 정제와 권리 확인을 마쳤으며 학습 코드는 GPU 8장에서 시험하였습니다.",
    "학습 데이터 {data}TB를 확보하였고, 이용 권리는 기관의 심의를 거쳐 확인하였습니다.",
    "참여 연구원 {team}명 가운데 {experts}명이 GPU 64장 이상의 분산 학습을 해 본 경험이 있습니다.",
    "컨테이너 환경과 체크포인트 복구 절차를 미리 갖추어 사용 첫 주부터 본 학습을 시작할 수 있습니다.",
    "데이터 {data}TB 가운데 {ready}%가 준비되었고, 나머지는 사용 첫 달 안에 정제를 마칩니다.",
)

SIZING = (
    "서버 {nodes}대(GPU {gpus}장)를 {months}개월 쓰면 약 {hours} GPU 시간이며, {main}%는 본 학습에, 나머지는 조건 탐색과 평가에 씁니다.",
    "예비 실험에서 잰 처리량을 바탕으로 계산하면 모두 {hours} GPU 시간이 필요하여 서버 {nodes}대를 {months}개월 신청합니다.",
    "필요한 계산은 본 학습 {runs}회와 작은 실험 {trials}회이며, 합하면 GPU {gpus}장으로 {months}개월이 걸립니다.",
)

# Whether the applicant could do with fewer nodes.
FEWER = (
    "규모가 줄어들 경우에는 서버 {min_nodes}대까지 모델 크기를 낮추어 수행할 수 있습니다.",
    "서버 {min_nodes}대만 지원받더라도 학습 횟수를 줄여 핵심 목표를 이룰 수 있습니다.",
    "최소 {min_nodes}대가 있어야 목표로 한 모델이 GPU 기억 장치에 올라갑니다.",
)
ALL_OR_NOTHING = (
    "모델이 GPU {gpus}장의 기억 장치를 모두 써야 하므로 서버 {nodes}대보다 적으면 수행하기 어렵습니다.",
    "규모를 줄이면 기간 안에 본 학습을 마칠 수 없어 서버 {nodes}대가 최소입니다.",
)

SCHEDULES = (
    "{first}개월째까지 데이터 점검과 작은 규모의 실험을 마치고, {second}개월째까지 본 학습, 이후 평가와 정리를 합니다.",
    "첫 {first}개월 동안 학습 조건을 정하고, 이어서 본 학습을 두 번에 나누어 진행하며 마지막 달에 결과를 공개합니다.",
    "본 학습은 {first}개월째에 시작하여 {second}개월째에 끝내고, 중간 결과가 목표에 못 미치면 모델 크기를 줄여 다시 학습합니다.",
)

OUTCOMES = {
    "industry": (
        "결과는 {year}년 안에 자사 서비스에 적용하고, 평가용 자료와 작은 모델은 공개합니다.",
        "개발한 모델을 국내 협력사 {sites}곳에 시범 제공하고, 개선 효과를 수치로 보고합니다.",
        "사업화 계획에 따라 {year}년에 제품을 내놓으며, 학습 과정에서 얻은 기술 보고서를 공개합니다.",
    ),
    "academia": (
        "모델과 코드를 자유 이용 조건으로 공개하고 국제 학술대회에 {papers}편 이상 발표합니다.",
        "학습한 가중치와 학습 기록을 모두 공개하여 다른 연구자가 이어서 쓸 수 있게 합니다.",
        "석·박사 과정 학생 {students}명이 참여하여 대규모 학습 경험을 쌓고, 결과는 논문과 코드로 공개합니다.",
    ),
    "research": (
        "모델을 연구 자료 저장소에 등록하고 관련 기관이 무상으로 쓸 수 있게 합니다.",
        "데이터와 모델, 평가 도구를 함께 공개하고 국내 연구자를 위한 설명회를 엽니다.",
        "결과를 국가 연구 데이터로 등록하고 논문 {papers}편과 기술 보고서로 공개합니다.",
    ),
}

FAILINGS = (
    "사용을 시작하자마자 학습이 실패할 경우를 대비해 검증된 설정을 함께 준비하였습니다.",
    "가장 큰 위험은 데이터 품질이며, 자동 점검을 통과하지 못한 자료는 학습에서 뺍니다.",
    "장비 고장에 대비해 30분마다 체크포인트를 저장하고 복구 시험을 마쳤습니다.",
    "자원이 줄어들면 실험의 수를 줄이지 않고 모델 크기를 줄이는 순서로 대응합니다.",
)
