"""Research subjects by field: what is studied and why, in the words an applicant would use."""

# One row per subject reads better than one word per line.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject: a noun phrase in Korean and English, why it matters (a Korean sentence), and keywords."""

    ko: str
    en: str
    why: str
    keywords: tuple[str, ...]


def _subjects(*rows: tuple[str, str, str, str]) -> tuple[Subject, ...]:
    return tuple(Subject(ko, en, why, tuple(keywords.split(", "))) for ko, en, why, keywords in rows)


SUBJECTS: dict[str, tuple[Subject, ...]] = {
    "language": _subjects(
        ("한국어 장문 이해", "long-document understanding in Korean", "계약서나 보고서처럼 긴 한국어 문서를 끝까지 정확히 읽는 모델이 아직 부족합니다.", "장문 이해, 한국어, 언어모델"),
        ("존댓말과 방언 생성", "honorifics and dialects in text generation", "상황에 맞는 높임말과 지역 말씨를 구별해서 쓰지 못해 고령층이 쓰기 어렵습니다.", "방언, 높임법, 텍스트 생성"),
        ("한국어 수학 추론", "mathematical reasoning in Korean", "풀이 과정을 한국어로 검증할 수 있는 추론 모델은 교육 현장에서 꾸준히 요구되어 왔습니다.", "수학 추론, 검증, 언어모델"),
        ("다국어 동시 번역", "simultaneous multilingual translation", "국내 거주 외국인이 늘었지만 아시아 소수 언어의 번역 품질은 여전히 낮습니다.", "기계번역, 다국어, 저자원 언어"),
        ("근거를 밝히는 질의응답", "question answering that cites its evidence", "답의 출처를 밝히지 못하는 모델은 업무에 바로 쓰기 어렵습니다.", "질의응답, 환각 억제, 검색"),
        ("코드 생성과 검증", "code generation and verification", "생성된 코드의 결함을 사람이 일일이 확인하는 비용이 개발 비용을 넘어서고 있습니다.", "코드 생성, 정형 검증, 시험 자동화"),
        ("옛 한글 문헌 해독", "reading historical Hangul documents", "손으로 쓴 옛 문헌 가운데 내용이 풀이된 것은 극히 일부에 지나지 않습니다.", "고문헌, 문자 인식, 언어모델"),
        ("소형 언어모델의 한국어 성능 향상", "Korean ability of small language models", "내부망에서만 모델을 써야 하는 기관에는 작으면서도 한국어에 강한 모델이 필요합니다.", "소형 모델, 지식 증류, 한국어"),
        ("언어모델의 안전성 평가", "safety evaluation of language models", "한국 사회의 맥락을 반영한 안전성 시험 자료와 평가 모델이 부족합니다.", "안전성, 평가, 정렬"),
    ),
    "vision": _subjects(
        ("위성 영상 변화 탐지", "change detection in satellite images", "산사태와 불법 개발을 제때 찾으려면 넓은 지역의 영상을 매일 비교해야 합니다.", "위성 영상, 변화 탐지, 원격 탐사"),
        ("노후 교량 균열 점검", "crack inspection of ageing bridges", "준공된 지 서른 해가 넘은 교량이 빠르게 늘고 있으나 점검 인력은 그대로입니다.", "구조물 점검, 균열 탐지, 드론"),
        ("3차원 공간 복원", "3D scene reconstruction", "실내외 공간을 적은 사진만으로 정밀하게 복원하면 시설 관리 비용을 크게 줄일 수 있습니다.", "3차원 복원, 신경 렌더링, 공간 정보"),
        ("야간·악천후 영상 복원", "image restoration at night and in bad weather", "비와 안개 속에서 카메라 인식률이 급격히 떨어져 안전 장치로 쓰기 어렵습니다.", "영상 복원, 악천후, 인식"),
        ("긴 동영상 이해", "understanding of long videos", "몇 시간 분량의 영상에서 필요한 장면을 말로 찾는 기술은 방송과 관제에서 모두 요구됩니다.", "동영상 이해, 검색, 시각언어모델"),
        ("농작물 병해 조기 진단", "early diagnosis of crop disease", "병해를 일찍 찾지 못해 생기는 농가 손실이 해마다 되풀이됩니다.", "농업, 병해 진단, 소량 학습"),
        ("해양 쓰레기 탐지", "detection of marine litter", "연안 쓰레기의 이동 경로를 파악하지 못해 수거가 늦어지고 있습니다.", "해양, 물체 탐지, 항공 영상"),
        ("문서 이미지 구조 분석", "layout analysis of scanned documents", "표와 도장이 섞인 종이 문서를 자료로 바꾸는 일은 아직 사람 손에 기대고 있습니다.", "문서 인식, 표 구조, 멀티모달"),
        ("시각 기반모델의 강건성", "robustness of vision foundation models", "촬영 환경이 조금만 바뀌어도 성능이 떨어지는 문제는 현장 적용을 막는 가장 큰 원인입니다.", "강건성, 도메인 적응, 기반모델"),
    ),
    "speech": _subjects(
        ("고령자 음성 인식", "speech recognition for older speakers", "고령자의 느린 발화와 방언은 기존 음성 비서가 가장 자주 틀리는 영역입니다.", "음성 인식, 고령자, 방언"),
        ("구음장애 음성 변환", "voice conversion for dysarthria", "발음이 어려운 사람이 자신의 목소리로 뜻을 전할 방법이 많지 않습니다.", "음성 변환, 접근성, 장애"),
        ("회의 음성 분리와 요약", "separating and summarising meetings", "여러 사람이 겹쳐 말하는 회의는 정확히 받아 적기 어렵습니다.", "화자 분리, 회의록, 요약"),
        ("감정이 담긴 음성 합성", "expressive speech synthesis", "오디오북과 상담 안내에는 상황에 맞는 감정 표현이 필요합니다.", "음성 합성, 감정, 생성 모델"),
        ("실시간 통역 음성 모델", "speech-to-speech interpretation", "글자를 거치지 않고 말에서 말로 바로 옮기면 지연을 크게 줄일 수 있습니다.", "음성 통역, 종단간 학습, 지연"),
        ("기계 이상음 탐지", "anomalous sound detection", "설비 고장은 소리로 먼저 나타나지만 고장 소리 자료는 매우 드뭅니다.", "이상음, 설비 진단, 자기지도학습"),
        ("딥페이크 음성 판별", "detection of synthetic voices", "목소리를 흉내 낸 전화 사기가 늘고 있어 통화 중 판별 기술이 시급합니다.", "딥페이크, 음성 위조, 보안"),
        ("생태계 소리 관측", "bioacoustic monitoring", "사람이 들어가기 어려운 곳의 생물 다양성은 소리로 관측하는 것이 효율적입니다.", "생물 음향, 생태, 소리 분류"),
    ),
    "robotics": _subjects(
        ("양팔 로봇 조작", "bimanual manipulation", "천이나 전선처럼 모양이 변하는 물체를 다루는 작업은 아직 자동화되지 못했습니다.", "로봇 조작, 모방 학습, 피지컬 AI"),
        ("가정용 돌봄 로봇의 행동 계획", "planning for home-care robots", "돌봄 인력은 줄고 있으나 집 안 환경은 집마다 달라 로봇이 적응하기 어렵습니다.", "돌봄 로봇, 행동 계획, 시각언어행동"),
        ("사족 보행 로봇의 험지 주행", "rough-terrain locomotion", "재난 현장에 먼저 들어갈 로봇은 무너진 지형에서도 넘어지지 않아야 합니다.", "보행, 강화학습, 재난 로봇"),
        ("물류 창고 다종 물체 집기", "picking varied objects in warehouses", "처음 보는 상품까지 집어야 하는 물류 현장에서 실패율은 곧 비용입니다.", "물류 로봇, 파지, 시뮬레이션"),
        ("로봇 기반모델의 실환경 전이", "sim-to-real transfer of robot models", "시뮬레이션에서 배운 동작이 실제 로봇에서 무너지는 차이를 줄여야 합니다.", "시뮬레이션 전이, 기반모델, 로봇 학습"),
        ("수술 보조 로봇의 영상 이해", "vision for surgical robots", "수술 중 장기의 움직임을 실시간으로 이해해야 보조 로봇이 안전하게 움직일 수 있습니다.", "수술 로봇, 영상 이해, 안전"),
        ("다중 로봇 협업", "multi-robot cooperation", "여러 회사의 로봇이 한 공간에서 함께 일하려면 서로의 의도를 예측해야 합니다.", "다중 로봇, 협업, 에이전트"),
        ("수중 로봇 자율 점검", "autonomous underwater inspection", "흐린 물속의 구조물 점검은 잠수사의 위험한 작업에 기대고 있습니다.", "수중 로봇, 자율 점검, 음파 영상"),
    ),
    "mobility": _subjects(
        ("종단간 자율주행", "end-to-end autonomous driving", "규칙으로 나눈 주행 시스템은 드문 상황에서 취약하여 하나의 모델로 배우는 방식이 주목받고 있습니다.", "자율주행, 종단간 학습, 계획"),
        ("주행 시나리오 생성", "generation of driving scenarios", "사고 직전의 드문 장면은 실제 도로에서 모으기 어렵습니다.", "시나리오 생성, 시뮬레이션, 안전"),
        ("도심 항공 교통 관제", "control of urban air traffic", "낮은 하늘을 나는 기체가 늘면 사람의 관제만으로는 간격을 지키기 어렵습니다.", "도심 항공, 관제, 강화학습"),
        ("골목길 보행자 예측", "pedestrian prediction in alleys", "보도와 차도가 나뉘지 않은 골목은 국내 도로의 특징이지만 공개 자료가 거의 없습니다.", "보행자, 행동 예측, 골목길"),
        ("고정밀 지도 자동 갱신", "automatic update of HD maps", "도로 공사와 표지 변경이 지도에 반영되기까지 몇 달이 걸립니다.", "정밀 지도, 변화 탐지, 점군"),
        ("자율운항 선박 항로 판단", "route decisions of autonomous ships", "어선이 밀집한 연안에서 충돌을 피하는 판단은 아직 선장의 경험에 기대고 있습니다.", "자율운항, 충돌 회피, 선박"),
        ("교통 신호 최적화", "optimisation of traffic signals", "교차로를 따로 제어하는 방식으로는 도시 전체의 정체를 풀 수 없습니다.", "교통, 신호 제어, 강화학습"),
        ("전기차 배터리 상태 예측", "state prediction of EV batteries", "배터리의 남은 수명을 정확히 알아야 중고 거래와 재사용이 안전합니다.", "배터리, 시계열, 수명 예측"),
    ),
    "medicine": _subjects(
        ("흉부 영상 판독 보조", "reading of chest images", "판독 대기 시간이 길어지면서 응급 환자의 진단이 늦어지고 있습니다.", "흉부 영상, 판독 보조, 의료 AI"),
        ("디지털 병리 기반모델", "foundation models for digital pathology", "희귀암은 한 병원의 자료만으로는 학습에 필요한 수를 채울 수 없습니다.", "디지털 병리, 희귀암, 기반모델"),
        ("의무기록 요약", "summaries of medical records", "의료진이 기록을 정리하는 데 쓰는 시간이 진료 시간에 가깝습니다.", "의무기록, 요약, 개인정보 보호"),
        ("중환자 악화 예측", "prediction of deterioration in intensive care", "상태가 나빠지기 몇 시간 전의 신호를 놓치지 않으면 살릴 수 있는 환자가 많습니다.", "중환자, 시계열, 조기 경보"),
        ("뇌 자기공명영상 분석", "analysis of brain MRI", "치매의 아주 이른 변화를 찾으려면 큰 3차원 영상을 그대로 학습해야 합니다.", "뇌 영상, 치매, 3차원 학습"),
        ("수술 영상 기록과 교육", "recording and teaching from surgical video", "쌓여 있는 수술 영상은 단계가 나뉘어 있지 않아 교육에 쓰지 못하고 있습니다.", "수술 영상, 단계 인식, 의학 교육"),
        ("정신건강 상담 보조", "support for mental-health counselling", "상담 인력이 부족한 지역에서 위험 신호를 일찍 알아차릴 방법이 필요합니다.", "정신건강, 대화, 위험 감지"),
        ("심전도 기반 질환 선별", "screening by electrocardiogram", "간단한 심전도만으로 여러 질환을 가려낼 수 있으면 검진의 문턱이 낮아집니다.", "심전도, 선별, 자기지도학습"),
        ("한의 임상 자료 분석", "analysis of Korean-medicine clinical records", "서술로 남은 임상 기록을 구조화해야 치료 효과를 비교할 수 있습니다.", "임상 기록, 구조화, 언어모델"),
    ),
    "bio": _subjects(
        ("단백질 구조와 기능 예측", "prediction of protein structure and function", "구조는 알아도 기능을 모르는 단백질이 대부분이어서 실험의 순서를 정하기 어렵습니다.", "단백질, 구조 예측, 기능"),
        ("항체 설계", "antibody design", "후보 항체를 하나씩 실험하는 방식은 시간과 비용이 지나치게 많이 듭니다.", "항체, 생성 모델, 결합력"),
        ("저분자 신약 후보 탐색", "search for small-molecule drugs", "합성할 수 있으면서 독성이 낮은 후보를 미리 가려내면 실패 비용을 크게 줄일 수 있습니다.", "신약, 분자 생성, 독성 예측"),
        ("단일세포 유전자 발현 모델", "models of single-cell gene expression", "세포 수억 개의 자료가 쌓였지만 이를 아우르는 모델은 많지 않습니다.", "단일세포, 유전체, 기반모델"),
        ("유전체 변이 해석", "interpretation of genomic variants", "한국인에게 많은 변이의 의미가 외국 자료만으로는 충분히 밝혀지지 않습니다.", "유전체, 변이, 한국인"),
        ("항생제 내성 예측", "prediction of antibiotic resistance", "내성균은 배양 결과를 기다리는 사이에 퍼집니다.", "항생제 내성, 미생물, 예측"),
        ("분자동역학 가속", "acceleration of molecular dynamics", "약물이 결합하는 과정을 보려면 기존 방법으로는 몇 달씩 계산해야 합니다.", "분자동역학, 기계학습 퍼텐셜, 가속"),
        ("효소 개량", "enzyme engineering", "친환경 공정에 쓸 효소를 찾기 위해 시험해야 할 변이의 수가 너무 많습니다.", "효소, 단백질 언어모델, 공정"),
        ("mRNA 서열 최적화", "optimisation of mRNA sequences", "같은 단백질을 만들더라도 서열에 따라 안정성과 발현량이 크게 달라집니다.", "mRNA, 서열 설계, 백신"),
    ),
    "materials": _subjects(
        ("이차전지 전해질 탐색", "search for battery electrolytes", "더 안전한 전해질의 후보는 많지만 실험으로 확인한 것은 극히 적습니다.", "이차전지, 전해질, 물성 예측"),
        ("촉매 반응 경로 예측", "prediction of catalytic pathways", "수소를 값싸게 얻으려면 귀금속을 대신할 촉매를 찾아야 합니다.", "촉매, 수소, 원자 퍼텐셜"),
        ("고분자 물성 예측", "prediction of polymer properties", "재활용하기 쉬운 고분자를 설계하려면 합성 전에 물성을 알 수 있어야 합니다.", "고분자, 물성, 그래프 신경망"),
        ("결정 구조 생성", "generation of crystal structures", "지금까지 알려진 결정은 가능한 조합의 아주 작은 일부일 뿐입니다.", "결정 구조, 생성 모델, 신소재"),
        ("합금 설계", "alloy design", "고온에서 견디는 합금은 항공과 발전 산업의 핵심이지만 시험 기간이 깁니다.", "합금, 최적화, 고온"),
        ("탄소 포집 흡착제 설계", "design of carbon-capture sorbents", "흡착 성능과 재생 비용을 함께 만족하는 재료를 찾기가 어렵습니다.", "탄소 포집, 다공성 재료, 탐색"),
        ("자율 실험실", "self-driving laboratories", "실험과 계산이 따로 움직여 결과가 다음 실험에 반영되기까지 오래 걸립니다.", "자율 실험, 능동 학습, 화학 합성"),
        ("디스플레이 발광 소재", "emitters for displays", "수명이 긴 청색 발광 소재는 산업계가 오래 찾아 온 과제입니다.", "발광 소재, 양자화학, 분자 설계"),
    ),
    "climate": _subjects(
        ("집중호우 초단기 예측", "nowcasting of heavy rain", "좁은 지역에 쏟아지는 비는 기존 수치 모델의 격자보다 작아 놓치기 쉽습니다.", "강수 예측, 레이더, 생성 모델"),
        ("한반도 고해상도 기후 전망", "high-resolution climate outlook for Korea", "지방자치단체가 대책을 세우려면 동네 수준의 기후 전망이 필요합니다.", "기후, 상세화, 신경 연산자"),
        ("태양광 발전량 예측", "forecasting of solar power", "발전량을 하루 전에 정확히 알아야 전력망의 예비 설비를 줄일 수 있습니다.", "태양광, 시계열, 전력망"),
        ("산불 확산 예측", "prediction of wildfire spread", "강풍이 부는 봄철 산불은 몇 시간 안에 대피를 결정해야 합니다.", "산불, 확산, 재난"),
        ("해수면 온도와 적조 예측", "prediction of sea temperature and red tide", "양식 어가의 피해를 막으려면 적조가 오기 며칠 전에 알아야 합니다.", "해양, 적조, 예측"),
        ("전력망 운영 최적화", "optimisation of power-grid operation", "재생에너지가 늘면서 전력망의 운영 조건이 몇 분 단위로 바뀌고 있습니다.", "전력망, 강화학습, 최적화"),
        ("미세먼지 발생원 추적", "tracing sources of fine dust", "어디에서 온 먼지인지 알아야 실효성 있는 저감 대책을 세울 수 있습니다.", "미세먼지, 역추적, 대기"),
        ("홍수 범람 지도 작성", "flood inundation mapping", "하천이 넘칠 때 어느 집이 잠기는지 미리 알려 주는 지도가 부족합니다.", "홍수, 수문, 신경 연산자"),
    ),
    "manufacturing": _subjects(
        ("반도체 결함 검사", "inspection of semiconductor defects", "미세 공정에서 새로 나타나는 결함은 기존 분류에 없어 놓치기 쉽습니다.", "반도체, 결함 검사, 이상 탐지"),
        ("칩 배치 설계", "chip placement", "배치와 배선에 걸리는 시간이 설계 기간의 큰 부분을 차지합니다.", "칩 설계, 강화학습, 최적화"),
        ("공정 디지털 트윈", "digital twins of processes", "라인을 멈추지 않고 조건을 바꾸어 보려면 믿을 만한 가상 공정이 필요합니다.", "디지털 트윈, 공정, 시뮬레이션"),
        ("용접 품질 판정", "judging weld quality", "숙련공이 은퇴하면서 눈과 귀로 하던 판정의 기준이 사라지고 있습니다.", "용접, 품질, 멀티모달"),
        ("설비 고장 예지", "predictive maintenance", "고장 사례가 드물어 한 공장의 자료만으로는 예지 모델을 만들기 어렵습니다.", "예지 보전, 시계열, 연합 학습"),
        ("식각 공정 조건 최적화", "optimisation of etching recipes", "조건 하나를 바꿀 때마다 웨이퍼를 써야 하는 실험은 비용이 큽니다.", "식각, 대리 모델, 최적화"),
        ("조선 도면 이해", "understanding of shipbuilding drawings", "수만 장의 도면에서 바뀐 부분을 찾는 일이 설계 인력의 시간을 빼앗고 있습니다.", "도면 이해, 조선, 시각언어모델"),
        ("중소 제조업 생산 계획", "production planning for small manufacturers", "주문이 자주 바뀌는 중소 공장에서는 계획을 하루에도 여러 번 고쳐야 합니다.", "생산 계획, 에이전트, 중소기업"),
    ),
    "science": _subjects(
        ("입자 충돌 자료 분석", "analysis of particle collisions", "충돌 자료는 해마다 늘지만 모의실험에 드는 계산량이 이를 따라가지 못합니다.", "입자물리, 생성 모델, 모의실험"),
        ("핵융합 플라스마 제어", "control of fusion plasma", "플라스마가 무너지기 전에 알아차리고 제어할 시간은 수십 밀리초에 불과합니다.", "핵융합, 플라스마, 강화학습"),
        ("중력파 신호 탐지", "detection of gravitational waves", "잡음에 묻힌 약한 신호를 실시간으로 찾아야 망원경이 제때 움직입니다.", "중력파, 신호 처리, 탐지"),
        ("은하 형성 모의실험", "simulation of galaxy formation", "우주론 모의실험을 여러 번 되풀이하기에는 계산 비용이 너무 큽니다.", "우주론, 대리 모델, 모의실험"),
        ("양자 다체계 계산", "quantum many-body computation", "강하게 상호작용하는 물질의 성질은 기존 근사로 계산하기 어렵습니다.", "양자 다체, 신경망 파동함수, 물리"),
        ("난류 유동 해석", "analysis of turbulent flow", "실제 크기의 난류를 직접 계산하려면 몇 주가 걸려 설계에 쓰기 어렵습니다.", "난류, 신경 연산자, 유체"),
        ("수학 정리 자동 증명", "automated theorem proving", "증명을 기계가 확인할 수 있는 꼴로 옮기는 일이 가장 큰 병목입니다.", "정리 증명, 정형화, 언어모델"),
        ("지진파 분석", "analysis of seismic waves", "작은 지진까지 모두 가려내야 단층의 구조를 알 수 있습니다.", "지진, 파형, 자기지도학습"),
    ),
    "systems": _subjects(
        ("분산 학습 통신 최적화", "communication in distributed training", "GPU가 늘수록 서로 기다리는 시간이 길어져 성능이 그대로 늘지 않습니다.", "분산 학습, 통신, 병렬화"),
        ("추론 서버 효율화", "efficient inference serving", "서비스 비용의 대부분이 추론에서 나오지만 GPU의 상당 부분이 놀고 있습니다.", "추론, 양자화, 스케줄링"),
        ("국산 AI 반도체 컴파일러", "compilers for Korean AI chips", "모델을 새 칩에 옮길 때마다 손으로 최적화하는 일이 보급을 막고 있습니다.", "컴파일러, AI 반도체, 최적화"),
        ("연합 학습과 개인정보 보호", "federated learning and privacy", "기관 밖으로 자료를 내보낼 수 없는 분야가 많습니다.", "연합 학습, 차분 프라이버시, 보안"),
        ("악성코드 분석 자동화", "automated malware analysis", "하루에 새로 나오는 변종의 수가 분석가의 손을 넘어섰습니다.", "악성코드, 이진 분석, 언어모델"),
        ("언어모델 공격과 방어", "attacks on and defences of language models", "업무에 연결된 모델이 속아 넘어가면 곧바로 정보 유출로 이어집니다.", "프롬프트 공격, 방어, 정렬"),
        ("네트워크 침입 탐지", "network intrusion detection", "암호화된 통신이 늘면서 내용을 보지 않고 이상을 찾아야 합니다.", "침입 탐지, 트래픽, 이상 탐지"),
        ("학습 실패 복구", "recovery from training failures", "수천 장 규모의 학습은 며칠에 한 번꼴로 장비 고장 때문에 멈춥니다.", "내고장성, 체크포인트, 대규모 학습"),
    ),
    "media": _subjects(
        ("영화 시각 효과 생성", "generation of visual effects", "시각 효과 비용 때문에 중소 제작사는 시도하지 못하는 장면이 많습니다.", "영상 생성, 시각 효과, 확산 모델"),
        ("웹툰 제작 보조", "tools for webtoon production", "반복되는 채색과 배경 작업이 작가의 건강을 해치고 있습니다.", "웹툰, 이미지 생성, 창작 보조"),
        ("게임 캐릭터 대화", "dialogue of game characters", "정해진 대사만 되풀이하는 인물은 몰입을 깨뜨립니다.", "게임, 대화, 에이전트"),
        ("국악 음원 생성", "generation of Korean traditional music", "서양 음악 위주의 모델은 장단과 시김새를 제대로 표현하지 못합니다.", "국악, 음악 생성, 오디오"),
        ("다국어 더빙", "multilingual dubbing", "자막만으로는 시각장애인과 어린이가 콘텐츠를 즐기기 어렵습니다.", "더빙, 음성 합성, 입 모양"),
        ("문화유산 디지털 복원", "digital restoration of heritage", "사라진 건축과 유물은 단편적인 그림과 기록으로만 남아 있습니다.", "문화유산, 3차원 생성, 복원"),
        ("스포츠 경기 분석", "analysis of sports matches", "아마추어 경기에는 자료를 기록할 인력과 장비가 없습니다.", "스포츠, 동작 추적, 요약"),
        ("생성물 출처 표시", "provenance of generated media", "생성된 영상의 출처를 밝히지 못하면 선거와 재난 때 혼란이 커집니다.", "워터마크, 출처, 딥페이크"),
    ),
    "society": _subjects(
        ("판례 검색과 요약", "search and summary of court rulings", "비슷한 판결을 찾는 데 드는 시간이 소송 비용을 높이고 있습니다.", "판례, 검색, 법률"),
        ("민원 상담 보조", "support for public enquiries", "민원의 절반 가까이가 되풀이되는 질문이지만 답변은 부서마다 다릅니다.", "민원, 질의응답, 행정"),
        ("맞춤형 학습 지도", "personalised tutoring", "학생이 어디에서 막혔는지 알아야 알맞은 설명을 할 수 있습니다.", "교육, 학습 진단, 대화"),
        ("수어 번역", "sign-language translation", "수어 통역사가 부족하여 병원과 관공서 이용이 어렵습니다.", "수어, 동작 인식, 접근성"),
        ("법령 개정 영향 분석", "impact of legal amendments", "법 하나가 바뀌면 어떤 규정이 함께 바뀌어야 하는지 사람이 찾고 있습니다.", "법령, 관계 추출, 언어모델"),
        ("복지 사각지대 발견", "finding people missed by welfare", "도움이 필요한 가구를 위기가 오기 전에 찾아야 합니다.", "복지, 위험 예측, 공정성"),
        ("금융 사기 탐지", "detection of financial fraud", "수법이 바뀔 때마다 규칙을 새로 만드는 방식으로는 피해를 막기 어렵습니다.", "금융 사기, 그래프, 이상 탐지"),
        ("역사 교육 콘텐츠", "content for history lessons", "사료에 근거한 설명과 그럴듯한 이야기를 구별해 주는 도구가 필요합니다.", "역사, 사료, 근거 생성"),
    ),
}
