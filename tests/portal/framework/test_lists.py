"""Cells that a spreadsheet would run, or could not read, are made text."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from dure.portal.framework.lists import cell, export
from dure.portal.site.importing.sheets import _text


@pytest.mark.parametrize("text", ["=1+1", "+82", "-1", "@x", "＝1+1", "＠x", " =1+1", "\t=1+1", "\n=cmd", "\u3000=1"])
def test_a_formula_becomes_text_and_comes_back_as_it_was(text):
    assert cell(text) == "'" + text
    assert _text(cell(text.strip())) == text.strip()


@pytest.mark.parametrize("text", ["한빛", "1-2", "a=b", "", "'90s"])
def test_other_text_stays(text):
    assert cell(text) == _text(text) == text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_control_character_in_somebodys_text_does_not_stop_the_export(form):
    response = export("list", form, ["제목"], [["가\x0b\x01나"], ["=cmd|'/c calc'!A1"]])
    if form == "csv":
        assert "가나" in response.content.decode("utf-8-sig")
        return
    rows = list(load_workbook(io.BytesIO(response.content)).active.iter_rows())
    assert [row[0].value for row in rows] == ["제목", "가나", "'=cmd|'/c calc'!A1"]
    assert all(row[0].data_type == "s" for row in rows), "nothing is a formula"
