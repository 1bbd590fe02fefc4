"""A secret reaches the node that asks for it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from kedro.io.core import DatasetError

from sparkle_curation.datasets import CredentialDataset

SECRET = "sk-not-to-be-seen"  # noqa: S105 -- of this test


def test_a_secret_is_given_and_never_shown() -> None:
    """Kedro's catalog puts it in; what describes the dataset tells only that it is there."""
    entry = {"type": "sparkle_curation.datasets.CredentialDataset", "credentials": "server"}
    catalog = DataCatalog.from_config({"key": entry}, {"server": {"api_key": SECRET}})
    assert catalog.load("key") == SECRET
    assert SECRET not in f"{catalog['key']} {catalog['key']!r} {catalog}"
    with pytest.raises(DatasetError, match="read only"):
        catalog.save("key", "another")


@pytest.mark.parametrize("value", [None, ""])
def test_no_secret_is_an_empty_one(value: str | None) -> None:
    """A server without a key is asked without one."""
    dataset = CredentialDataset(credentials={"api_key": value})
    assert dataset.load() == ""
    assert not dataset.exists()


def test_the_environment_is_asked(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file in git holds no secret, only the name of a variable, which need not be set."""
    text = (checkout / "conf/base/credentials.yml").read_text()
    assert list(yaml.safe_load(text)["model_server"].values()) == ["${oc.env:MODEL_SERVER_API_KEY,''}"]
    for secret in ("", SECRET):
        monkeypatch.setenv("MODEL_SERVER_API_KEY", secret)
        loader = OmegaConfigLoader(str(checkout / "conf"), base_env="base", default_run_env="base")
        assert loader["credentials"]["model_server"] == {"api_key": secret}
    monkeypatch.delenv("MODEL_SERVER_API_KEY")
    loader = OmegaConfigLoader(str(checkout / "conf"), base_env="base", default_run_env="base")
    assert loader["credentials"]["model_server"] == {"api_key": ""}
