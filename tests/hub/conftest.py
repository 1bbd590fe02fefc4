"""A hub on loopback that this process takes for the real one, and a variant that was made of a release there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import Project
from tests.made.hub import TOKEN, LoopbackHub, serve

from sparkle_curation.hub.client import Hub
from sparkle_curation.hub.download_folder import WORK
from sparkle_curation.hub.origin import ORIGIN

RELEASE = "stdKonjac/Sparkle"
SPLIT = {"split.val_share": 0.2, "split.grouped_by": "file"}


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    """An empty hub; no test of this folder can ask another one."""
    hub = LoopbackHub()
    with serve(hub) as address:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HF_URL_HOSTS", frozenset({"127.0.0.1"}))
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub
        strangers = [each.path for each in hub.asked if "telemetry" in each.path]
        assert strangers == []
        agents = {each.headers.get("User-Agent", "") for each in hub.asked}
        ours = [agent for agent in agents if agent.startswith("sparkle-curation")]
        assert not any("torch" in agent for agent in ours), ours


@pytest.fixture
def client(loopback: LoopbackHub) -> Hub:
    """Who may do anything there."""
    return Hub(TOKEN)


@pytest.fixture(scope="module")
def curated(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release, curated by the published thresholds. Read only."""
    project = Project(sample_release, tmp_path_factory.mktemp("curated") / "data", SPLIT)
    project.run_here("ingest,inspect,filter")
    return project


@pytest.fixture
def variant(curated: Project, loopback: LoopbackHub, tmp_path: Path) -> Project:
    """The same in a data root of one's own, with the release on the hub, from where it is said to be."""
    shutil.copytree(curated.data_root, tmp_path / "data")
    release = tmp_path / "release"
    shutil.copytree(curated.release_root, release)
    commit = loopback.add_folder(RELEASE, curated.release_root)
    (release / WORK).mkdir()
    (release / WORK / ORIGIN).write_text(f'{{"repository": "{RELEASE}", "commit": "{commit}"}}')
    return replace(curated, data_root=tmp_path / "data", release_root=release)
