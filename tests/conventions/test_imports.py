"""Who may import whom, and what the base never imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("av", "torch", "transformers", "pandas", "great_expectations", "matplotlib", "dvc", "ray")
"""Packages that take 0.3 to 3 s to import; a run pays only for those that its nodes use."""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """A finished run of the import contracts in a folder's pyproject.toml."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    return _python(code, folder)


def imported_by(code: str, names: tuple[str, ...], folder: Path) -> list[str]:
    """Which of the packages are loaded after the code has run in a new process."""
    report = f"{code}\nimport sys\nprint('loaded:', *(name for name in {names!r} if name in sys.modules))"
    finished = _python(report, folder)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()[-1].split()[1:]


def _python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_contracts_hold(checkout: Path) -> None:
    """Every import contract of pyproject.toml is kept."""
    finished = lint_imports(checkout)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_registry_is_light(checkout: Path) -> None:
    """What every command does first, registering all pipelines, loads none of the heavy packages."""
    code = "\n".join(
        [
            "from pathlib import Path",
            "from kedro.framework.startup import bootstrap_project",
            "bootstrap_project(Path.cwd())",
            "from kedro.framework.project import pipelines",
            "assert 'curate' in pipelines",
        ]
    )
    assert imported_by(code, HEAVY, checkout) == []


def test_broken_contract_is_found(tmp_path: Path) -> None:
    """A library that imports a pipeline breaks the layers."""
    package = tmp_path / "bad_package"
    package.mkdir()
    for module, code in {"__init__": "", "low": "import bad_package.high", "high": ""}.items():
        (package / f"{module}.py").write_text(code, encoding="utf-8")
    contract = 'name = "layers"\ntype = "layers"\nlayers = ["bad_package.high", "bad_package.low"]'
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.importlinter]\nroot_package = "bad_package"\n[[tool.importlinter.contracts]]\n{contract}\n',
        encoding="utf-8",
    )
    finished = lint_imports(tmp_path)
    assert finished.returncode == 1
    assert "bad_package.low -> bad_package.high" in finished.stdout


def test_loaded_package_is_found(tmp_path: Path) -> None:
    """A package that an import pulls in is named, and one that it does not is left out."""
    assert imported_by("import json", ("json", "torch"), tmp_path) == ["json"]
