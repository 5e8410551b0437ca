"""Numbers that carry their own check digit, and addresses: whether they can be what they claim to be."""

from __future__ import annotations

import re

_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)

_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}"
)


def is_email(text: str) -> bool:
    """Whether mail can be sent to `text`: one address of plain ASCII, with neither quotes nor comments nor commas."""
    return len(text) <= 254 and _EMAIL.fullmatch(text.lower()) is not None


def tidy_orcid(text: str) -> str:
    """`text` as "0000-0000-0000-0000", from a bare number or the address at orcid.org."""
    compact = re.sub(r"[^0-9Xx]", "", text.rsplit("/", 1)[-1]).upper()
    return "-".join(compact[i : i + 4] for i in range(0, len(compact), 4))


def is_orcid(number: str) -> bool:
    """Whether `number` ("0000-0002-1825-0097") has the check character of ISO 7064 MOD 11-2, as ORCID uses it."""
    if not _ORCID.fullmatch(number):
        return False
    total = 0
    for digit in number.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return number[-1] == ("X" if check == 10 else str(check))


_ROR = re.compile(r"0[0-9abcdefghjkmnpqrstvwxyz]{6}\d{2}")
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's


def tidy_ror(text: str) -> str:
    """`text` as the nine characters of a ROR id, from these or from the address at ror.org."""
    return text.strip().rstrip("/").rsplit("/", 1)[-1].lower()


def is_ror(number: str) -> bool:
    """Whether `number` ("04h699437") has the two check digits of a ROR id.

    They are 98 − (100 n mod 97), ISO 7064 MOD 97-10, of the six characters between the zero and them read in
    Crockford's base 32; checked against ids that ror.org has published.
    """
    if not _ROR.fullmatch(number):
        return False
    value = 0
    for letter in number[1:7]:
        value = value * 32 + _BASE32.index(letter)
    return int(number[7:]) == 98 - value * 100 % 97


def tidy_business_number(text: str) -> str:
    """`text` as the Korean tax office writes it, "000-00-00000"; anything but ten digits comes back as it is."""
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"\d{10}", digits):
        return text.strip()
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def is_korean_business_number(number: str) -> bool:
    """Whether a Korean business registration number (사업자등록번호) has the right check digit.

    The first nine digits are weighted 1 3 7 1 3 7 1 3 5, the tens of the ninth product are added, and the sum
    with the check digit is a multiple of ten.
    """
    digits = number.replace("-", "")
    if not re.fullmatch(r"\d{10}", digits):
        return False
    products = [int(digit) * weight for digit, weight in zip(digits, _BUSINESS_WEIGHTS, strict=False)]
    return (sum(products) + products[-1] // 10 + int(digits[9])) % 10 == 0
