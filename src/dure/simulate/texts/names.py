"""Invented names: people, universities, institutes, companies. Made to sound right and to be nobody's."""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

FAMILY = (
    ("김", "Kim", 215), ("이", "Lee", 147), ("박", "Park", 84), ("최", "Choi", 47), ("정", "Jung", 44), ("강", "Kang", 24),
    ("조", "Cho", 21), ("윤", "Yoon", 21), ("장", "Jang", 20), ("임", "Lim", 17), ("한", "Han", 16), ("오", "Oh", 15),
    ("서", "Seo", 15), ("신", "Shin", 15), ("권", "Kwon", 14), ("황", "Hwang", 14), ("안", "Ahn", 14), ("송", "Song", 14),
    ("류", "Ryu", 13), ("홍", "Hong", 11), ("전", "Jeon", 11), ("고", "Ko", 9), ("문", "Moon", 9), ("손", "Son", 9),
    ("양", "Yang", 9), ("배", "Bae", 8), ("백", "Baek", 8), ("허", "Heo", 7), ("노", "Noh", 6), ("심", "Shim", 6),
)

GIVEN = (
    ("지훈", "Jihoon"), ("민준", "Minjun"), ("서연", "Seoyeon"), ("하은", "Haeun"), ("도윤", "Doyun"), ("수빈", "Subin"),
    ("예준", "Yejun"), ("지원", "Jiwon"), ("현우", "Hyunwoo"), ("유진", "Yujin"), ("승현", "Seunghyun"), ("은지", "Eunji"),
    ("태호", "Taeho"), ("소영", "Soyoung"), ("동현", "Donghyun"), ("미경", "Mikyung"), ("성민", "Sungmin"), ("혜진", "Hyejin"),
    ("재영", "Jaeyoung"), ("나영", "Nayoung"), ("상훈", "Sanghoon"), ("다은", "Daeun"), ("영석", "Youngseok"), ("주희", "Juhee"),
    ("준호", "Junho"), ("가은", "Gaeun"), ("병철", "Byungchul"), ("선아", "Suna"), ("기현", "Kihyun"), ("윤서", "Yunseo"),
    ("경수", "Kyungsoo"), ("아름", "Areum"), ("우진", "Woojin"), ("세영", "Seyoung"), ("진호", "Jinho"), ("보람", "Boram"),
    ("찬영", "Chanyoung"), ("희수", "Heesoo"), ("종민", "Jongmin"), ("연주", "Yeonju"), ("광호", "Kwangho"), ("슬기", "Seulgi"),
    ("원식", "Wonsik"), ("정아", "Junga"), ("시우", "Siwoo"), ("채원", "Chaewon"), ("규민", "Kyumin"), ("은서", "Eunseo"),
    ("형준", "Hyungjun"), ("미나", "Mina"), ("건우", "Gunwoo"), ("서희", "Seohee"), ("남규", "Namkyu"), ("혜원", "Hyewon"),
    ("인성", "Insung"), ("지수", "Jisoo"), ("창민", "Changmin"), ("효정", "Hyojung"), ("명진", "Myungjin"), ("수아", "Sua"),
    ("용준", "Yongjun"), ("예린", "Yerin"), ("석진", "Seokjin"), ("다희", "Dahee"), ("근영", "Keunyoung"), ("소희", "Sohee"),
    ("해인", "Haein"), ("민서", "Minseo"), ("태윤", "Taeyun"), ("라희", "Rahee"), ("강민", "Kangmin"), ("유나", "Yuna"),
)

# Roots for universities and institutes, then kinds. Root × kind gives more names than a call needs.
HALLS = (
    ("가람솔", "Garamsol"), ("너른뫼", "Neoreunmoe"), ("다솔뜰", "Dasoltteul"), ("도담골", "Dodamgol"), ("두리봉", "Duribong"),
    ("마루솔", "Marusol"), ("무지개산", "Mujigaesan"), ("미르솔", "Mireusol"), ("별마루", "Byeolmaru"), ("볕누리", "Byeotnuri"),
    ("비단여울", "Bidanyeoul"), ("산들마루", "Sandeulmaru"), ("새별뫼", "Saebyeolmoe"), ("샘골", "Saemgol"), ("솔여울", "Solyeoul"),
    ("수리뫼", "Surimoe"), ("아라뫼", "Aramoe"), ("여울목", "Yeoulmok"), ("예솔", "Yesol"), ("온새미", "Onsaemi"),
    ("윤슬", "Yunseul"), ("은하뫼", "Eunhamoe"), ("이든솔", "Ideunsol"), ("잔별", "Janbyeol"), ("찬샘", "Chansaem"),
    ("큰솔뫼", "Keunsolmoe"), ("토담", "Todam"), ("푸른뫼", "Pureunmoe"), ("하늘못", "Haneulmot"), ("해든솔", "Haedeunsol"),
    ("한여울", "Hanyeoul"), ("달빛골", "Dalbitgol"),
)
UNIVERSITIES = (("대학교", "University"), ("과학기술대학교", "University of Science and Technology"), ("공과대학교", "Institute of Technology"))
INSTITUTES = {
    "language": ("언어정보연구원", "Institute for Language Information"), "vision": ("영상과학연구원", "Institute of Imaging Science"),
    "speech": ("음향연구원", "Acoustics Institute"), "robotics": ("로봇연구원", "Robotics Institute"),
    "mobility": ("교통과학연구원", "Institute of Transport Science"), "medicine": ("의과학연구원", "Institute of Medical Science"),
    "bio": ("생명연구원", "Life Science Institute"), "materials": ("소재연구원", "Materials Institute"),
    "climate": ("기후에너지연구원", "Institute for Climate and Energy"), "manufacturing": ("생산기술연구소", "Production Technology Laboratory"),
    "science": ("기초과학연구소", "Basic Science Laboratory"), "systems": ("정보보안연구원", "Information Security Institute"),
    "media": ("문화기술연구원", "Institute of Culture Technology"), "society": ("사회정책연구원", "Social Policy Institute"),
}

COMPANIES = (
    ("결마루", "Gyeolmaru"), ("고운결", "Goungyeol"), ("그린나래터", "Greennaraeteo"), ("나무늘", "Namuneul"), ("너울지기", "Neouljigi"),
    ("노을빛결", "Noeulbitgyeol"), ("느린구름", "Neuringureum"), ("다림솔", "Darimsol"), ("달무리터", "Dalmuriteo"), ("동틀결", "Dongteulgyeol"),
    ("두빛솔", "Dubitsol"), ("라미솔", "Ramisol"), ("모아결", "Moagyeol"), ("물결터", "Mulgyeolteo"), ("바람뜰", "Baramtteul"),
    ("별담솔", "Byeoldamsol"), ("빛고리", "Bitgori"), ("사이결", "Saigyeol"), ("새벽고래", "Saebyeokgorae"), ("소담터", "Sodamteo"),
    ("숨비결", "Sumbigyeol"), ("아침여울", "Achimyeoul"), ("어울림결", "Eoullimgyeol"), ("열매솔", "Yeolmaesol"), ("오름결", "Oreumgyeol"),
    ("우물샘", "Umulsaem"), ("이음솔", "Ieumsol"), ("작은고래", "Jageungorae"), ("조약별", "Joyakbyeol"), ("징검솔", "Jinggeomsol"),
    ("초록고리", "Chorokgori"), ("큰나래터", "Keunnaraeteo"), ("틔움결", "Tuiumgyeol"), ("파도샘", "Padosaem"), ("하루결", "Harugyeol"),
    ("해오름결", "Haeoreumgyeol"), ("햇살고리", "Haetsalgori"), ("휘파람솔", "Hwiparamsol"),
)
TRADES = {
    "language": (("언어지능", "Language AI"), ("AI랩", "AI Lab"), ("텍스트", "Text")), "vision": (("비전", "Vision"), ("인사이트", "Insight")),
    "speech": (("보이스", "Voice"), ("사운드", "Sound")), "robotics": (("로보틱스", "Robotics"), ("오토메이션", "Automation")),
    "mobility": (("모빌리티", "Mobility"), ("드라이브", "Drive")), "medicine": (("메디컬", "Medical"), ("헬스", "Health")),
    "bio": (("바이오", "Bio"), ("테라퓨틱스", "Therapeutics")), "materials": (("머티리얼즈", "Materials"), ("케미칼", "Chemical")),
    "climate": (("에너지", "Energy"), ("클라이밋", "Climate")), "manufacturing": (("팩토리", "Factory"), ("세미콘", "Semicon")),
    "science": (("퀀텀", "Quantum"), ("사이언스", "Science")), "systems": (("시스템즈", "Systems"), ("시큐리티", "Security")),
    "media": (("스튜디오", "Studio"), ("미디어", "Media")), "society": (("에듀", "Edu"), ("핀테크", "Fintech"), ("리걸", "Legal")),
}
