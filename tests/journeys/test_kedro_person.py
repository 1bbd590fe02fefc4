"""The project as ``kedro package`` gives it, a wheel and an archive of the configuration, runs without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import CHECKOUT


@pytest.mark.slow
def test_the_wheel_runs_in_an_empty_folder(tmp_path: Path, sample_release: Path) -> None:
    """With nothing but the archive beside it: tables below the folder, and code of the wheel alone."""
    copy, dist, site, empty = (tmp_path / name for name in ("copy", "dist", "site", "empty"))
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    parts = ["src", "conf", "pyproject.toml", "README.md", "LICENSE"]
    names = subprocess.run([*listed, "--", *parts], cwd=CHECKOUT, capture_output=True, check=True, text=True)
    for name in filter(None, names.stdout.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((CHECKOUT / name).read_bytes())
    # As `kedro package` builds it, but with the setuptools that is here: the network is asked for nothing.
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist)]
    subprocess.run(build, cwd=copy, check=True, capture_output=True)
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        wheel.extractall(site)  # noqa: S202 -- made just now
        scripts = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
        assert "sparkle-curation = sparkle_curation.__main__:main" in wheel.read(scripts).decode()
    with tarfile.open(dist / "conf-sparkle_curation.tar.gz", "w:gz") as archive:
        archive.add(copy / "conf", "conf")
    empty.mkdir()
    conf, params = str(dist / "conf-sparkle_curation.tar.gz"), f"release_root={sample_release}"
    command = [sys.executable, "-m", "sparkle_curation", "--conf-source", conf, "--pipelines", "ingest"]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SPARKLE_DATASET")
    }
    environment |= {"PYTHONPATH": str(site), "DO_NOT_TRACK": "1", "COLUMNS": "200"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=empty, env=environment, capture_output=True, text=True, check=False)

    without = run(*command[:3], "--pipelines", "ingest")
    assert (without.returncode, "python -m sparkle_curation --conf-source" in without.stderr) == (1, True)
    ran = run(*command, "--params", params)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert pl.read_parquet(empty / "data" / "02_intermediate" / "annotations.parquet").height == 80
    assert {each.name for each in empty.iterdir()} == {"data"}
