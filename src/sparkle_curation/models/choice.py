"""The model that the parameters ask for. Only what is asked for is imported."""

from __future__ import annotations

from dataclasses import replace

from sparkle_curation.errors import ParameterError
from sparkle_curation.models.params import ModelParams, VideoModelParams
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


def choose_video_model(
    params: VideoModelParams, sampling: Sampling, server_key: str | None, gemini_key: str | None
) -> VisionLanguageModel:
    """The model that looks at videos, not loaded; settings that its server does not take are left out and told of.

    Args:
        params: which one.
        sampling: how its replies are drawn.
        server_key: of a server with the OpenAI chat protocol; None or empty sends none.
        gemini_key: of Gemini, likewise.

    Raises:
        ParameterError: a server has no address, or none that one can be.
    """
    if params.backend == "transformers":
        return TransformersModel(
            Weights(params.name, params.revision, params.adapter, params.adapter_revision),
            sampling,
            Device(params.device, params.dtype, params.batch_size),
        )
    if params.backend == "server":
        return _server(params, sampling, server_key)
    from sparkle_curation.models.servers.gemini_model import Gemini, GeminiModel  # noqa: PLC0415 -- only what is asked for

    if params.url is not None:
        _check_url(params.url)
    gemini = Gemini(
        model=params.name,
        revision=params.revision,
        url=params.url,
        concurrency=params.concurrency,
        timeout_s=params.timeout_s,
        deadline_s=params.deadline_s,
        api_key=gemini_key or None,
        optional=("temperature", "top_p", "seed"),
    )
    return GeminiModel(gemini, sampling)


def _server(
    params: ModelParams | VideoModelParams, sampling: Sampling, api_key: str | None
) -> VisionLanguageModel:
    from sparkle_curation.models.servers.chat_model import Server, ServerModel  # noqa: PLC0415 -- only what is asked for

    _check_url(params.url)
    server = Server(
        url=str(params.url),
        model=params.name,
        revision=params.revision,
        concurrency=params.concurrency,
        timeout_s=params.timeout_s,
        deadline_s=params.deadline_s,
        api_key=api_key or None,
    )
    if isinstance(params, VideoModelParams):
        server = replace(
            server,
            video_part="video_url" if params.video_part == "video_url" else "image_url",
            azure_version=params.azure_api_version,
            optional=("temperature", "top_p", "presence_penalty", "max_tokens", "seed"),
        )
    else:
        server = replace(server, answers_per_request=params.answers_per_request)
    return ServerModel(server, sampling)


def _check_url(url: str | None) -> None:
    if not (url or "").startswith(("http://", "https://")):
        raise ParameterError(
            "A model behind a server needs the server's address",
            where="the url of the model",
            got=url,
            allowed="the base address of a server with the OpenAI chat protocol, such as http://host:8000/v1; of Azure its "
            "endpoint, and of Gemini null",
            todo="--params score.model.url=http://host:8000/v1, or ground.model.url=..., or bench_evaluate.judge.url=...",
        )
