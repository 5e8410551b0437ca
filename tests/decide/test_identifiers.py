"""Check digits, against numbers published by those who issue them, and against every single-digit slip."""

from __future__ import annotations

import pytest

from dure.decide import identifiers as ids


@pytest.mark.parametrize("number", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"])
def test_published_orcids_pass_and_every_slip_fails(number):
    assert ids.is_orcid(number)
    for place, digit in enumerate(number[:-1]):
        if digit != "-":
            slip = number[:place] + str((int(digit) + 1) % 10) + number[place + 1 :]
            assert not ids.is_orcid(slip)


@pytest.mark.parametrize("text", ["https://orcid.org/0000-0002-1694-233x", "000000021694233X", "0000 0002 1694 233X"])
def test_orcids_are_tidied(text):
    assert ids.tidy_orcid(text) == "0000-0002-1694-233X"


@pytest.mark.parametrize("number", ["124-81-00998", "220-81-62517", "120-81-47521"])
def test_public_business_numbers_pass_and_a_changed_check_digit_fails(number):
    assert ids.is_korean_business_number(number)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not ids.is_korean_business_number(wrong)


def test_what_is_no_business_number():
    assert ids.tidy_business_number("1248100998") == "124-81-00998"
    assert ids.tidy_business_number(" HRB 12345 ") == "HRB 12345"
    assert not ids.is_korean_business_number("HRB 12345")
    assert not ids.is_korean_business_number("")
