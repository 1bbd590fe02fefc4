"""The model that the parameters name: described at once, loaded when it is asked."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError
from tests.models.loopback import Behaviour, serve

from sparkle_curation.errors import ModelError, ParameterError
from sparkle_curation.models.choice import choose_model
from sparkle_curation.models.params import ModelParams, SamplingParams
from sparkle_curation.models.questions import Sampling


def test_a_server_is_described_without_being_asked() -> None:
    """Its key and place are not part of what replies depend on; its revision is what one says it is."""
    params = ModelParams(name="judge", backend="server", url="http://127.0.0.1:9/v1")
    model = choose_model(params, Sampling(), "secret")
    assert {"backend": "server", "model": "judge", "revision": "not told"}.items() <= model.provenance.items()
    assert not any(word in str(dict(model.provenance)) for word in ("secret", "127.0.0.1"))
    told = choose_model(params.model_copy(update={"revision": "abc"}), Sampling())
    assert told.provenance["revision"] == "abc"


@pytest.mark.parametrize("url", [None, "host:8000/v1", "ftp://host/v1"])
def test_a_server_needs_an_address(url: str | None) -> None:
    """Said before anything else is done."""
    with pytest.raises(ParameterError, match="address"):
        choose_model(ModelParams(name="judge", backend="server", url=url), Sampling())


def test_describing_a_model_imports_no_torch() -> None:
    """A run that has nothing to ask does not wait for it."""
    code = """
import sys
from sparkle_curation.models.choice import choose_model
from sparkle_curation.models.params import ModelParams
from sparkle_curation.models.questions import Sampling
assert choose_model(ModelParams(name="Qwen/Qwen3-VL-8B-Instruct"), Sampling()).provenance["revision"]
print(sorted({"torch", "transformers", "openai"} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_packages_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to install them, and that a server needs none."""
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "sparkle_curation.models.generation", raising=False)
    model = choose_model(ModelParams(name="Qwen/Qwen3-VL-8B-Instruct"), Sampling())
    with pytest.raises(ModelError, match="not installed") as error:
        model.load()
    assert "[gpu]" in str(error.value)
    assert "backend=server" in str(error.value)


def test_the_package_of_servers_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to install it, before the server is asked anything."""
    monkeypatch.setitem(sys.modules, "openai", None)
    monkeypatch.delitem(sys.modules, "sparkle_curation.models.servers.chat_client", raising=False)
    monkeypatch.delattr("sparkle_curation.models.servers.chat_client", raising=False)
    behaviour = Behaviour()
    with serve(None, behaviour) as url:
        model = choose_model(ModelParams(name="judge", backend="server", url=url), Sampling())
        with pytest.raises(ModelError, match="not installed") as error:
            model.load()
    assert "pip install '.[server]'" in str(error.value)
    assert behaviour.headers == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backend", "vllm"),
        ("dtype", "float16"),
        ("batch_size", 0),
        ("batch_size", 1.5),
        ("concurrency", 0),
        ("timeout_s", 0),
        ("deadline_s", float("inf")),
        ("name", ""),
        ("revison", "abc"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(name: str, value: Any) -> None:
    """Each is checked before the run."""
    with pytest.raises(ValidationError):
        ModelParams.model_validate({"name": "judge", name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("top_p", 0),
        ("top_p", 1.1),
        ("top_k", -1),
        ("presence_penalty", 3),
        ("max_new_tokens", 0),
    ],
)
def test_a_draw_that_makes_no_sense_is_refused(name: str, value: float) -> None:
    """Each is checked before the run."""
    assert SamplingParams().sampling() == Sampling()
    with pytest.raises(ValidationError):
        SamplingParams.model_validate({name: value})
