"""A copy of the project whose code a test may change, and its commands in processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import CHECKOUT

COPIED = (
    "src",
    "conf",
    ".dvc/config",
    ".dvc/plots",
    "dvc.yaml",
    "pyproject.toml",
    "data/01_raw/sparkle_sample",
    "data/01_raw/sparkle_bench_sample",
)


@dataclass(frozen=True)
class Copy:
    """The project in a folder of its own.

    Attributes:
        root: its folder.
        programs: a folder of programs that go before those of the environment, if any.
    """

    root: Path
    programs: Path | None = None

    @classmethod
    def make(cls, root: Path) -> Copy:
        """The files of the checkout that make a project."""
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "local")
        for name in COPIED:
            source, target = CHECKOUT / name, root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy2(source, target)
        (root / "conf/local").mkdir()
        return cls(root)

    def run(self, *command: str, stdin: str = "") -> str:
        """What a command prints that ends well, with the code of the copy."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        """Of the commands: this environment's programs, the copy's code, and caches of its own."""
        folders = [*([self.programs] if self.programs else []), Path(sys.executable).parent]
        return os.environ | {
            "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]]),
            "PYTHONPATH": str(self.root / "src"),
            "PYTHONPYCACHEPREFIX": str(self.root / "cache" / "compiled"),
            "XDG_CACHE_HOME": str(self.root / "cache"),
            "DO_NOT_TRACK": "1",
            "DVC_NO_ANALYTICS": "1",
            "COLUMNS": "200",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def kedro(self, pipelines: str, *params: str) -> str:
        """The log of a run of pipelines."""
        settings = ["--params", ",".join(params)] if params else []
        return self.run(sys.executable, "-m", "kedro", "run", "--pipelines", pipelines, *settings)

    def edit(self, module: str, old: str, new: str) -> None:
        """Change one place of a module of the package, which stands there once.

        Python knows compiled code by the second and the size of its source: an edit of the same length within a
        second of the last import would run the code before it. Hence each edit is some seconds later.
        """
        path = self.root / "src/sparkle_curation" / module
        text, changed_at = path.read_text(encoding="utf-8"), path.stat().st_mtime
        assert text.count(old) == 1, (module, old)
        path.write_text(text.replace(old, new), encoding="utf-8")
        os.utime(path, (changed_at + 2, changed_at + 2))

    def path(self, name: str) -> Path:
        """A file or folder under ``data/``."""
        return self.root / "data" / name

    def places(self, *folders: str) -> dict[str, tuple[int, int]]:
        """Inode and time of each Parquet file and report in these folders, by its path."""
        return {
            str(path.relative_to(self.root)): (path.stat().st_ino, path.stat().st_mtime_ns)
            for folder in folders
            for path in sorted(self.path(folder).rglob("*"))
            if path.is_file()
        }
