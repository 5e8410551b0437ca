"""Node names as Slurm writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.agent.clusters.hostlist import expand, fold
from dure.agent.clusters.node_names import NodeNames


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n001", ["n001"]),
        ("n[001-003]", ["n001", "n002", "n003"]),
        ("a[1,3-4],b7", ["a1", "a3", "a4", "b7"]),
        ("gpu-[08-11]", ["gpu-08", "gpu-09", "gpu-10", "gpu-11"]),
    ],
)
def test_lists_are_written_out(text, names):
    assert expand(text) == names


@pytest.mark.parametrize("text", ["", "n[3-1]", "n[1-]", "n[]", "n[1", "n]1[", "n[0-999999]", "a,,b"])
def test_what_is_not_a_list_is_refused(text):
    with pytest.raises(ValueError):
        expand(text)


@given(
    st.sets(st.tuples(st.sampled_from(["n", "gpu-", "rack1-n"]), st.integers(0, 400)), min_size=1), st.integers(1, 5)
)
def test_folding_is_undone_by_expanding(parts, width):
    names = {f"{prefix}{number:0{width}d}" for prefix, number in parts}
    assert set(expand(fold(names))) == names


def test_names_without_numbers_are_kept():
    assert fold(["login", "n2", "n1"]) == "login,n[1-2]"


def test_names_of_portal_and_site_are_paired_in_order():
    names = NodeNames("naver-h200-a-[001-003]", "gpu[07,09],big1")
    assert names.all_at_site(["naver-h200-a-003", "naver-h200-a-001"]) == ("big1", "gpu07")
    assert names.all_at_portal(["gpu09", "login1"]) == ("login1", "naver-h200-a-002")
    assert NodeNames("n[1-3]", None).at_site("n2") == "n2"
    for portal, site in (("n[1-3]", "m[1-2]"), ("n[1-2]", "m1,m1")):
        with pytest.raises(ValueError):
            NodeNames(portal, site)
