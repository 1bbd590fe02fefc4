"""All parameters of a run, checked together before anything runs.

Kedro hands a node whatever stands under the name it asks for, and passes over a name that nobody asks for:
``--params treshold=8`` would curate with the default. Here every name must be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictBool, ValidationError
from pydantic_core import ErrorDetails

from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.engine.shards import SHARD, Shard
from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.mixing.params import Member
from sparkle_curation.pipelines.assemble.params import AssembleParams
from sparkle_curation.pipelines.audit.params import AuditParams
from sparkle_curation.pipelines.background_video.params import BackgroundVideoParams
from sparkle_curation.pipelines.bench_build.params import BenchBuildParams
from sparkle_curation.pipelines.bench_evaluate.params import BenchEvaluateParams
from sparkle_curation.pipelines.bench_outputs.params import BenchOutputsParams
from sparkle_curation.pipelines.bench_published.params import BenchPublishedParams
from sparkle_curation.pipelines.bench_report.params import BenchReportParams
from sparkle_curation.pipelines.camera.params import CameraParams
from sparkle_curation.pipelines.clips.params import ClipsParams
from sparkle_curation.pipelines.consistency.params import ConsistencyParams
from sparkle_curation.pipelines.diff.params import DiffParams
from sparkle_curation.pipelines.download.params import DownloadParams
from sparkle_curation.pipelines.edges.params import EdgesParams
from sparkle_curation.pipelines.edit_frame0.params import EditFrame0Params
from sparkle_curation.pipelines.exclude.params import ExcludeParams
from sparkle_curation.pipelines.extract.params import ExtractParams
from sparkle_curation.pipelines.forecast.params import ForecastParams
from sparkle_curation.pipelines.ground.params import GroundParams
from sparkle_curation.pipelines.inspect.params import InspectParams
from sparkle_curation.pipelines.instruct.params import InstructParams
from sparkle_curation.pipelines.join.params import JoinParams
from sparkle_curation.pipelines.link.params import LinkParams
from sparkle_curation.pipelines.mix.params import MixParams
from sparkle_curation.pipelines.near_duplicates.params import NearDuplicatesParams
from sparkle_curation.pipelines.paper.params import PaperParams
from sparkle_curation.pipelines.profiles.params import ProfilesParams
from sparkle_curation.pipelines.prune.params import PruneParams
from sparkle_curation.pipelines.publish.params import PublishParams
from sparkle_curation.pipelines.remove_foreground.params import RemoveForegroundParams
from sparkle_curation.pipelines.report.params import ReportParams
from sparkle_curation.pipelines.score.params import ScoreParams
from sparkle_curation.pipelines.signals.params import SignalsParams
from sparkle_curation.pipelines.synthesize.params import SynthesizeParams
from sparkle_curation.pipelines.track.params import TrackParams
from sparkle_curation.pipelines.training_kit.params import TrainingKitParams
from sparkle_curation.pipelines.validate.params import ValidateParams
from sparkle_curation.spec.old_names import renamed_parameter
from sparkle_curation.variant.curation.named import VariantsParams, parameters_of
from sparkle_curation.variant.curation.params import FilterParams

# Not `str | None`: an empty `--params data_root=` comes as None, and the catalog would write to a folder `None/`.
_Root = Annotated[str, Field(min_length=1, description="a folder or fsspec URL")]
_LocalRoot = Annotated[str, Field(min_length=1, description="a folder of this machine")]

_ADDRESS = "the address of a Ray cluster, such as ray://head:10001, head:6379 or auto, or null for one of this machine"
_Address = Annotated[str, Field(min_length=1, description=_ADDRESS)]


def _sound_shard(text: str | None) -> str | None:
    try:
        Shard.parse(text)
    except ParameterError:
        raise ValueError(SHARD) from None
    return text


class RunParameters(
    FilterParams,
    ValidateParams,
    InspectParams,
    DiffParams,
    AuditParams,
    ConsistencyParams,
    NearDuplicatesParams,
    SignalsParams,
    ReportParams,
    ScoreParams,
    GroundParams,
    TrackParams,
    PruneParams,
    PaperParams,
    ProfilesParams,
    TrainingKitParams,
    ExtractParams,
    ExcludeParams,
    DownloadParams,
    PublishParams,
    VariantsParams,
    LinkParams,
    MixParams,
    CameraParams,
    ClipsParams,
    InstructParams,
    AssembleParams,
    JoinParams,
    ForecastParams,
    EdgesParams,
    EditFrame0Params,
    RemoveForegroundParams,
    BackgroundVideoParams,
    SynthesizeParams,
    BenchOutputsParams,
    BenchEvaluateParams,
    BenchPublishedParams,
    BenchReportParams,
    BenchBuildParams,
):
    """Every parameter that a run understands.

    Attributes:
        release_root: where the release is, a local folder or fsspec URL; empty for the one in ``globals.yml``.
        data_root: where everything that is made goes, a local folder; empty for the one in ``globals.yml``.
        compared_root: data root of the release that new samples are compared with; None for what ``globals.yml`` says.
        trust_mtime: whether a file of the release with the same size and time is taken for the same; None for what
            ``globals.yml`` says.
        asset_source: whose assets are looked at, ``released`` or ``rerun``; None for what ``globals.yml`` says.
        bench_root: where the benchmark is, a local folder or fsspec URL; None for what ``globals.yml`` says.
        bench_ledger: the file that notes what was reported on a benchmark; None for what ``globals.yml`` says.
        exclusions: the list of source clips that were excluded on request; None for what ``globals.yml`` says.
        remote: how a server is asked where a root is a URL; what is not given is as ``globals.yml`` says.
        shard: which share of costly work this run does; None for what ``globals.yml`` says, as with the two below.
        executor: what does it: processes of this machine, or Ray.
        ray_address: of the cluster.
    """

    release_root: _Root = ""
    data_root: _LocalRoot = ""
    compared_root: Annotated[_LocalRoot | None, Field(description="a folder of this machine")] = None
    trust_mtime: StrictBool | None = None
    asset_source: Annotated[
        Literal["released", "rerun"] | None, Field(description="released or rerun, or null")
    ] = None
    bench_root: _Root | None = None
    remote: RemoteSettings = RemoteSettings()
    bench_ledger: Annotated[_LocalRoot | None, Field(description="a file of this machine, or null")] = None
    exclusions: Annotated[_LocalRoot | None, Field(description="a file of this machine")] = None
    shard: Annotated[str | None, AfterValidator(_sound_shard), Field(description=SHARD)] = None
    executor: Annotated[Literal["local", "ray"] | None, Field(description="local or ray")] = None
    ray_address: Annotated[_Address | None, Field(description=_ADDRESS)] = None


_GLOBALS = "conf/base/globals.yml"
_VARIANTS = "variants"
_NAME_OF_MEMBER = "[key]"
"""Where pydantic finds a fault in the name of a member, and not in what it is."""

_MOST_NAMES = 8
_ALIKE = 0.5
"""Of a group with more names than that, those that are told when one is misspelt: as alike as ``difflib`` says."""

_HOMES = {
    **dict.fromkeys(FilterParams.model_fields, "conf/base/curate/parameters.yml"),
    **dict.fromkeys(ValidateParams.model_fields, "conf/base/validate/parameters.yml"),
    **dict.fromkeys(InspectParams.model_fields, "conf/base/inspect/parameters.yml"),
    **dict.fromkeys(DiffParams.model_fields, "conf/base/diff/parameters.yml"),
    **dict.fromkeys(AuditParams.model_fields, "conf/base/audit/parameters.yml"),
    **dict.fromkeys(ConsistencyParams.model_fields, "conf/base/consistency/parameters.yml"),
    **dict.fromkeys(NearDuplicatesParams.model_fields, "conf/base/near_duplicates/parameters.yml"),
    **dict.fromkeys(CameraParams.model_fields, "conf/base/camera/parameters.yml"),
    **dict.fromkeys(ClipsParams.model_fields, "conf/base/clips/parameters.yml"),
    **dict.fromkeys(InstructParams.model_fields, "conf/base/instruct/parameters.yml"),
    **dict.fromkeys(AssembleParams.model_fields, "conf/base/assemble/parameters.yml"),
    **dict.fromkeys(JoinParams.model_fields, "conf/base/join/parameters.yml"),
    **dict.fromkeys(ForecastParams.model_fields, "conf/base/forecast/parameters.yml"),
    **dict.fromkeys(EdgesParams.model_fields, "conf/base/edges/parameters.yml"),
    **dict.fromkeys(EditFrame0Params.model_fields, "conf/base/edit_frame0/parameters.yml"),
    **dict.fromkeys(RemoveForegroundParams.model_fields, "conf/base/remove_foreground/parameters.yml"),
    **dict.fromkeys(BackgroundVideoParams.model_fields, "conf/base/background_video/parameters.yml"),
    **dict.fromkeys(SynthesizeParams.model_fields, "conf/base/synthesize/parameters.yml"),
    **dict.fromkeys(SignalsParams.model_fields, "conf/base/signals/parameters.yml"),
    **dict.fromkeys(ReportParams.model_fields, "conf/base/report/parameters.yml"),
    **dict.fromkeys(GroundParams.model_fields, "conf/base/ground/parameters.yml"),
    **dict.fromkeys(TrackParams.model_fields, "conf/base/track/parameters.yml"),
    **dict.fromkeys(PaperParams.model_fields, "conf/base/paper/parameters.yml"),
    **dict.fromkeys(ProfilesParams.model_fields, "conf/base/profiles/parameters.yml"),
    **dict.fromkeys(PruneParams.model_fields, "conf/base/prune/parameters.yml"),
    **dict.fromkeys(TrainingKitParams.model_fields, "conf/base/training_kit/parameters.yml"),
    **dict.fromkeys(ExcludeParams.model_fields, "conf/base/exclude/parameters.yml"),
    **dict.fromkeys(ExtractParams.model_fields, "conf/base/extract/parameters.yml"),
    **dict.fromkeys(DownloadParams.model_fields, "conf/base/download/parameters.yml"),
    **dict.fromkeys(PublishParams.model_fields, "conf/base/publish/parameters.yml"),
    **dict.fromkeys(ScoreParams.model_fields, "conf/base/score/parameters.yml"),
    **dict.fromkeys(BenchBuildParams.model_fields, "conf/base/bench_build/parameters.yml"),
    **dict.fromkeys(BenchOutputsParams.model_fields, "conf/base/bench_outputs/parameters.yml"),
    **dict.fromkeys(BenchEvaluateParams.model_fields, "conf/base/bench_evaluate/parameters.yml"),
    **dict.fromkeys(BenchPublishedParams.model_fields, "conf/base/bench_published/parameters.yml"),
    **dict.fromkeys(BenchReportParams.model_fields, "conf/base/bench_report/parameters.yml"),
    **dict.fromkeys(LinkParams.model_fields, "conf/base/link/parameters.yml"),
    **dict.fromkeys(MixParams.model_fields, "conf/base/mix/parameters.yml"),
    **dict.fromkeys(VariantsParams.model_fields, "conf/base/variants/parameters.yml"),
}
"""Parameter, or group of them -> the file that declares it; the roots stand in the globals."""


def check_parameters(parameters: Mapping[str, Any]) -> RunParameters:
    """The parameters, checked.

    Raises:
        ParameterError: a name is unknown, or a value outside what is allowed; one that was renamed, else the first found.
    """
    try:
        checked = RunParameters.model_validate(dict(parameters))
    except ValidationError as error:
        raise _first_error(error) from None
    for name, changes in checked.variants.items():
        try:
            FilterParams.model_validate(parameters_of(parameters, changes))
        except ValidationError as error:
            raise _first_error(error, (_VARIANTS, name)) from None
    return checked


def check_roots(roots: Mapping[str, Any]) -> None:
    """Nothing, when a run may read and write at these roots.

    Files of ours are replaced by renaming, locked and appended to, which no store behind a URL does: pathlib would take
    the URL for the name of a folder here, and fill it. The release is only read, through fsspec.

    Args:
        roots: ``release_root`` and ``data_root`` as a run has them: of the globals, or given for this run.

    Raises:
        ParameterError: one is not set, or the data root is no local folder.
    """
    for name, allowed in {
        "release_root": "a local folder or fsspec URL",
        "data_root": "a local folder",
    }.items():
        root = roots.get(name)
        if not isinstance(root, str) or not root:
            raise ParameterError(
                f"The parameter '{name}' is not set",
                got=f"{name}: {'' if root is None else root!r}".rstrip(),
                allowed=allowed,
                todo=f"set it in {_GLOBALS}, or for one run with --params {name}=...",
            )
    root = roots["data_root"]
    if "://" in root or "::" in root:
        raise ParameterError(
            "The data root must be a local folder, and this is a URL",
            where="data_root",
            got=root,
            allowed="a local folder; the release alone is read from a URL (release_root)",
            todo="give a local folder, --params data_root=/path/to/output, and copy what it then holds to the URL; or "
            "mount the store as a folder and give that",
        )


def _first_error(error: ValidationError, parents: tuple[str, ...] = ()) -> ParameterError:
    """What is told of the faults of some parameters: one that was renamed, else the first.

    Args:
        error: the faults.
        parents: the group that the parameters stand in.
    """
    found = error.errors()
    old = (one for one in found if renamed_parameter(".".join(map(str, one["loc"]))))
    return _parameter_error(next(old, found[0]), parents)


def _parameter_error(error: ErrorDetails, group: tuple[str, ...]) -> ParameterError:
    *parents, name = [*group, *(str(part) for part in error["loc"])]
    path = ".".join([*parents, name])
    model = _model_at(parents)
    if error["type"] == "extra_forbidden":
        known = _known_paths(FilterParams, ".".join([*group, ""])) if group else _known_paths(RunParameters)
        if model is Member:
            known = _known_paths(Member, ".".join([*parents, ""]))
        return ParameterError(
            f"There is no parameter '{path}'",
            got=f"{path}={error['input']}",
            allowed=_tell_names(path, parents, list(model.model_fields)),
            todo=renamed_parameter(path) or did_you_mean(path, known) or "take one of the allowed names",
        )
    home = _HOMES.get(path.partition(".")[0], _GLOBALS)
    if name == _NAME_OF_MEMBER and len(parents) > 1:
        *above, outer, _ = parents
        return ParameterError(
            f"The parameter '{'.'.join([*above, outer])}' cannot have a member of this name",
            got=repr(error["input"]),
            allowed=_allowed(path, _model_at(above), outer) or error["msg"],
            todo=f"give it another name, in {home} or on the command line",
        )
    if error["type"] == "missing":
        return ParameterError(f"The parameter '{path}' is not set", todo=f"set it in {home}")
    return ParameterError(
        f"The parameter '{path}' cannot have this value",
        got=repr(error["input"]),
        allowed=_allowed(path, model, name) or error["msg"].removeprefix("Input should be "),
        todo=f"set it in {home}, or for one run with {_way_to_type(path, error)}",
    )


def _way_to_type(path: str, error: ErrorDetails) -> str:
    """How a value is given on the command line, where YAML takes a text for something else unless it is in quotes."""
    given = error["input"]
    if error["type"] != "string_type" or given is None:
        return f"--params {path}=..."
    is_placeholders = isinstance(given, Mapping) and all(each is None for each in given.values())
    text = f"{{{' '.join(map(str, given))}}}" if is_placeholders else "..."
    return f"""--params '{path}="{text}"' (a text that begins with a brace, or looks like a number, needs both quotes)"""


def _tell_names(path: str, parents: list[str], names: list[str]) -> str:
    """The names that a group of parameters has; of many those that are like the one that was given, and where all stand."""
    known = [".".join([*parents, name]) for name in names]
    if len(known) <= _MOST_NAMES:
        return ", ".join(known)
    near = get_close_matches(path, known, n=_MOST_NAMES, cutoff=_ALIKE)
    home = _HOMES.get(parents[0]) if parents else None
    told = f"{len(known)} names, which stand in {home or 'docs/parameters.md'}"
    return f"{', '.join(near)}, or another of the {told}" if near else f"one of the {told}"


def _model_at(parents: list[str]) -> type[BaseModel]:
    model: type[BaseModel] = RunParameters
    if parents[:1] == [_VARIANTS]:  # a name, then parameters of filtering
        model, parents = FilterParams, parents[2:]
    if parents[:2] == ["mix", "members"] and len(parents) > 2:  # a name, then its own
        model, parents = Member, parents[3:]
    for name in parents:
        model = _group_of(model, name) or model
    return model


def _group_of(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The model of a parameter that is a group of parameters; None for any other."""
    field = model.model_fields.get(name)
    annotation = field.annotation if field else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _known_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name in model.model_fields:
        yield f"{prefix}{name}"
        group = _group_of(model, name)
        if group:
            yield from _known_paths(group, f"{prefix}{name}.")


def _allowed(path: str, model: type[BaseModel], name: str) -> str | None:
    group = _group_of(model, name)
    if group:
        return "a value each for " + ", ".join(_known_paths(group, f"{path}."))
    field = model.model_fields.get(name)
    return field.description if field else None
