"""Each import contract holds, and notices the violation it is there for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# contract → (file that gets a planted import, the import)
PLANTED = {
    "layers": ("src/dure/core/money.py", "import dure.decide"),
    "portal": ("src/dure/portal/journal/queries.py", "import dure.portal.fleet.queries"),
    "chapters": ("src/dure/portal/awards/queries.py", "import dure.portal.awards.operations"),
    "models": ("src/dure/portal/awards/queries.py", "import dure.portal.plans.models"),
    "pure": ("src/dure/decide/fit.py", "import django"),
    "agent": ("src/dure/agent/__init__.py", "import django"),
    "solver": ("src/dure/decide/fit.py", "import highspy"),
    "audit": ("src/dure/decide/planning/audit.py", "import dure.core.canonical"),
}


def _lint(root: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    program = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as c; c()"
    command = [sys.executable, "-c", program, "--no-cache", *chosen]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("house")
    ignored = shutil.ignore_patterns("__pycache__", "static", "templates", "locale", "migrations", "*.yaml")
    shutil.copytree(ROOT / "src", root / "src", ignore=ignored)
    (root / "tests" / "architecture").mkdir(parents=True)
    for name in ("tests/__init__.py", "tests/architecture/__init__.py", "tests/architecture/contract.py"):
        shutil.copy(ROOT / name, root / name)
    shutil.copy(ROOT / ".importlinter", root / ".importlinter")
    return root


@pytest.mark.slow
def test_every_contract_has_a_planted_violation() -> None:
    text = (ROOT / ".importlinter").read_text()
    written = {
        line.split(":")[2].rstrip("]") for line in text.splitlines() if line.startswith("[importlinter:contract:")
    }
    assert written == set(PLANTED)


@pytest.mark.slow
@pytest.mark.parametrize("contract", sorted(PLANTED))
def test_contract_notices_a_planted_violation(copy: Path, contract: str) -> None:
    name, line = PLANTED[contract]
    victim = copy / name
    before = victim.read_text()
    kept = _lint(copy, contract)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    try:
        victim.write_text(f"{before}\n{line}\n")
        broken = _lint(copy, contract)
    finally:
        victim.write_text(before)
    assert broken.returncode == 1, broken.stdout + broken.stderr
