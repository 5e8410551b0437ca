"""What the documents and `deploy/` name exists: commands, options, addresses, environment variables, files."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from django.urls import Resolver404, resolve

from dure.agent.clusters.options import PrometheusOptions, RestOptions, StorageOptions
from dure.agent.config import AgentConfig, KubernetesAdapter, SlurmAdapter
from dure.cli import GROUPS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
DEPLOY = sorted(path for path in (ROOT / "deploy").rglob("*") if path.is_file())
MANIFESTS = [path for path in DEPLOY if path.suffix in (".yaml", ".yml")]
UNITS = [path for path in DEPLOY if path.suffix == ".service"]

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^```yaml$(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|bin/|&& |\")dure ((?:[a-z]|--)[^|;&>)]*)")
IN_YAML = re.compile(r"\[dure, ([^\]]*)\]")
PLACEHOLDER = re.compile(r"[A-Z][A-Z_-]*")
EXAMPLE_SITE = re.compile(r"https?://(?:gpu\.example\.org|127\.0\.0\.1:8000)(/[^\s`'\")]*)")
# Of this machine, not of the portal.
FOLDERS = ("etc", "var", "usr", "opt", "srv", "run", "tmp")
ENVIRONMENT = re.compile(r"DURE_[A-Z_]+")
SCREENS = re.compile(r"^\| (\d+) \|[^|]*\| `(/[^`]*)` \|", re.MULTILINE)
MOST_SCREENS = 12
BUTTON = re.compile(r"\[([^\[\]a-z]*[가-힣][^\[\]a-z]*)\](?!\()")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _code(path: Path) -> Iterator[str]:
    """Every line of code in a document: fenced blocks line by line, then spans."""
    text = path.read_text()
    for block in FENCE.findall(text):
        yield from block.replace("\\\n", " ").splitlines()[1:-1]
    yield from SPAN.findall(FENCE.sub("", text))


def _named_paths(path: Path) -> Iterator[str]:
    for line in _code(path):
        yield from EXAMPLE_SITE.findall(line)
        for word in line.split():
            if word.startswith("/") and word.split("/")[1] not in FOLDERS and len(word) > 1:
                yield word.rstrip(",;")


def _commands(path: Path) -> Iterator[list[str]]:
    """The words after `dure` of every command line that a file shows."""
    lines = _code(path) if path.suffix == ".md" else path.read_text().replace("\\\n", " ").splitlines()
    for line in lines:
        shown = IN_YAML.sub(lambda found: f"bin/dure {found[1].replace(',', '')}", line)
        if found := COMMAND.search(shown):
            yield shlex.split(found[1], comments=True)


@cache
def _group(name: str) -> Any:
    return typer.main.get_command(importlib.import_module(f"dure.cli.{name}").app)


def _wrong(words: list[str]) -> str | None:
    """What the command line asks for that does not exist; None when all of it does."""
    if words[0] in ("--version", "--help"):
        return None
    if words[0] not in GROUPS:
        return f"no command {words[0]}"
    command, rest = _group(words[0]), words[1:]
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        if rest[0] not in command.commands:
            return f"no command {rest[0]} of dure {words[0]}"
        command, rest = command.commands[rest[0]], rest[1:]
    known = {"--help"}.union(*({*one.opts, *one.secondary_opts} for one in command.params))
    unknown = [word for word in rest if word.startswith("-") and word.partition("=")[0] not in known]
    return f"no option {unknown[0]} of dure {' '.join(words)}" if unknown else None


def _is_there(path: str) -> bool:
    """Whether an address of the portal leads to a view; words in capitals stand for any value."""
    plain = PLACEHOLDER.sub("1", path.partition("?")[0].partition("#")[0])
    try:
        resolve(plain)
    except Resolver404:
        return False
    return True


def _variables() -> set[str]:
    """What the code reads: the portal's variables and the command's own."""
    sources = ("src/dure/portal/env.py", "src/dure/cli/__init__.py")
    return {name for one in sources for name in re.findall(r'environ\.get\("(DURE_[A-Z_]+)"', (ROOT / one).read_text())}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(FENCE.sub("", document.read_text()))]
    local = [target for target in targets if target and "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_addresses_lead_to_a_view(document: Path) -> None:
    assert [path for path in _named_paths(document) if not _is_there(path)] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, *UNITS, *MANIFESTS], ids=_name)
def test_commands_exist(document: Path) -> None:
    assert [wrong for words in _commands(document) if (wrong := _wrong(words))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_make_targets_exist(document: Path) -> None:
    targets = re.findall(r"^([a-z%-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    patterns = [re.compile(target.replace("%", "[a-z-]+")) for target in targets]
    named = [found[1] for line in _code(document) if (found := re.match(r"(?:[A-Z]+=\S+ )?make ([a-z-]+)", line))]
    assert [name for name in named if not any(pattern.fullmatch(name) for pattern in patterns)] == []


@pytest.fixture(scope="module")
def shown() -> str:
    """All that pages say in Korean."""
    portal = ROOT / "src" / "dure" / "portal"
    return "\n".join(path.read_text() for ending in ("*.html", "*.py") for path in portal.rglob(ending))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_buttons_named_in_korean_are_on_a_page(document: Path, shown: str) -> None:
    assert [button for button in BUTTON.findall(document.read_text()) if button not in shown] == []


def test_operators_are_told_of_every_variable_and_of_no_other() -> None:
    told = set(ENVIRONMENT.findall((ROOT / "docs" / "operators.md").read_text()))
    assert told == _variables()


@pytest.mark.parametrize("path", DEPLOY, ids=_name)
def test_deployment_sets_only_variables_that_are_read(path: Path) -> None:
    assert set(ENVIRONMENT.findall(path.read_text())) - _variables() == set()


@pytest.mark.parametrize("path", MANIFESTS, ids=_name)
def test_manifests_are_kubernetes_objects(path: Path) -> None:
    documents = list(yaml.safe_load_all(path.read_text()))
    assert documents
    for one in documents:
        assert {"apiVersion", "kind"} <= one.keys()


def test_the_agent_configurations_shown_are_good_and_name_every_key() -> None:
    text = (ROOT / "docs" / "providers.md").read_text()
    blocks = YAML.findall(text)
    whole, kubernetes, simulated = (yaml.safe_load(blocks[place]) for place in (0, 2, 3))
    AgentConfig.model_validate(whole)
    AgentConfig.model_validate({**whole, "adapter": whole["adapter"] | yaml.safe_load(blocks[1])})
    AgentConfig.model_validate({**whole, **kubernetes})
    AgentConfig.model_validate({**whole, **simulated})
    models = (AgentConfig, SlurmAdapter, RestOptions, KubernetesAdapter, PrometheusOptions, StorageOptions)
    keys = {name for model in models for name in model.model_fields}
    assert [key for key in sorted(keys) if f"{key}:" not in text and f"`{key}`" not in text] == []


def test_a_first_application_takes_few_screens() -> None:
    screens = SCREENS.findall((ROOT / "docs" / "usability-script.md").read_text())
    assert [int(number) for number, _path in screens] == list(range(1, len(screens) + 1))
    assert 0 < len(screens) <= MOST_SCREENS


@pytest.mark.parametrize(
    "words",
    ["plan solv", "nothing", "plan solve p.json --oputput x", "agent run --konfig x", "loop al"],
)
def test_a_command_that_does_not_exist_is_noticed(words: str) -> None:
    assert _wrong(words.split())


@pytest.mark.parametrize("path", ["/nowhere/", "/calls/CODE/nothing/at/all/", "/billing/months"])
def test_an_address_that_does_not_exist_is_noticed(path: str) -> None:
    assert not _is_there(path)


def test_commands_are_found_in_documents_units_and_manifests() -> None:
    for name in ("docs/finance-and-audit.md", "deploy/systemd/dure-loops.service", "deploy/kubernetes/portal.yaml"):
        assert [words for words in _commands(ROOT / name) if words[0] in ("bill", "loop")], name
