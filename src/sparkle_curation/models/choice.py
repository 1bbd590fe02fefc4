"""The model that the parameters ask for. Only what is asked for is imported."""

from __future__ import annotations

from sparkle_curation.errors import ParameterError
from sparkle_curation.models.params import ModelParams
from sparkle_curation.models.questions import Sampling, VisionLanguageModel
from sparkle_curation.models.transformers_model import Device, TransformersModel
from sparkle_curation.models.weights import Weights


def choose_model(params: ModelParams, sampling: Sampling, api_key: str | None = None) -> VisionLanguageModel:
    """The model, not loaded: neither weights nor a server are touched.

    Args:
        params: which one.
        sampling: how its replies are drawn.
        api_key: of a server; None or empty sends none.

    Raises:
        ParameterError: a server has no address, or none that one can be.
    """
    if params.backend == "server":
        return _server(params, sampling, api_key)
    return TransformersModel(
        Weights(params.name, params.revision, params.adapter, params.adapter_revision),
        sampling,
        Device(params.device, params.dtype, params.batch_size),
    )


def _server(params: ModelParams, sampling: Sampling, api_key: str | None) -> VisionLanguageModel:
    from sparkle_curation.models.server_model import Server, ServerModel  # noqa: PLC0415 -- only what is asked for

    if not (params.url or "").startswith(("http://", "https://")):
        raise ParameterError(
            "A model behind a server needs the server's address",
            where="the url of the model",
            got=params.url,
            allowed="the base address of a server with the OpenAI chat protocol, such as http://host:8000/v1",
            todo="--params score.model.url=http://host:8000/v1, or ground.model.url=http://host:8000/v1",
        )
    server = Server(
        url=str(params.url),
        model=params.name,
        revision=params.revision,
        concurrency=params.concurrency,
        timeout_s=params.timeout_s,
        deadline_s=params.deadline_s,
        api_key=api_key or None,
    )
    return ServerModel(server, sampling)
