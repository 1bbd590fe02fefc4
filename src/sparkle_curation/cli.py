"""The project's own commands beside Kedro's, and ``kedro run`` with what it can tell before anything of ours is asked."""

from __future__ import annotations

import copy
import getpass
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.project import PARAMS_ARG_HELP
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import _split_params, env_option
from kedro.framework.startup import ProjectMetadata
from kedro.pipeline import Pipeline
from kedro.pipeline.pipeline import CircularDependencyError

from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.starting import begin_start, end_start
from sparkle_curation.telling import tell_uncaught

if TYPE_CHECKING:
    from sparkle_curation.variant.versions.version import VariantVersion

# Kedro imports this module before it reads a command line, whose errors are told in words too.
tell_uncaught()
begin_start()


@click.group(name="sparkle-curation")
def cli() -> None:
    """Commands of this project."""


def split_params(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """The parameters of ``--params``.

    Raises:
        ParameterError: a value holds a comma, at which Kedro parts one parameter from the next.
    """
    items = value.split(",") if isinstance(value, str) else []
    for item in items:
        if " #" in item:
            raise ParameterError(
                "A value of --params holds a blank and a #, from where on YAML takes it for a comment",
                where="--params",
                got=item,
                allowed="values without ' #'",
                todo="give that folder another name, or a link to it",
            )
    for before, item in pairwise(items):
        name, equals, start = before.strip().partition("=")
        if "=" in item or not item.strip() or not equals:
            continue
        is_decimal = start.strip().removeprefix("-").isdecimal() and item.strip().isdecimal()
        whole = value[value.index(before) :].partition("=")[2]
        listed = [start, *(each for each in whole.split(",")[1:] if "=" not in each)]
        words = " ".join(each.strip().strip("[]'\"") for each in listed)
        raise ParameterError(
            f"The value of '{name}' holds a comma, which parts one parameter from the next",
            where="--params",
            got=f"{name}={start},{item}",
            allowed="name=value,name=value; numbers with a decimal point, lists separated by blanks",
            todo=f"--params {name}={start.strip()}.{item.strip()}"
            if is_decimal
            else f"--params '{name}=\"{words}\"'"
            if words.startswith("{")
            else f'--params "{name}={words}"',
        )
    return _split_params(context, option, value)


def _run(**options: Any) -> Any:
    """What ``kedro run`` does; a choice of nodes that cannot be is told in words.

    Raises:
        ParameterError: ``--only-missing-outputs`` was given, or nothing is called so.
    """
    if options["only_missing_outputs"]:
        raise ParameterError(
            "--only-missing-outputs would take files for made, whatever release and thresholds they were made of",
            got="--only-missing-outputs",
            todo="leave it out: tables whose sources, code and parameters have not changed are not made again anyhow",
        )
    if (
        options["pipeline"] and not options["pipelines"]
    ):  # Kedro warns that it will go, which helps nobody here
        options |= {"pipeline": None, "pipelines": [options["pipeline"]]}
    run_pipelines: Any = kedro_run.callback
    try:
        return run_pipelines(**options)
    except CircularDependencyError:
        raise _not_in_one_run(options["pipelines"]) from None
    except ValueError as error:
        # Kedro raises nothing more exact, for its filters of a pipeline and for a pipeline that it does not know.
        if str(error).startswith("Failed to find the pipeline"):
            raise _unknown_pipeline(options["pipelines"]) from None
        if str(error).startswith("Pipeline nodes must have unique names"):
            raise _not_in_one_run(options["pipelines"]) from None
        if not str(error).startswith(("Pipeline does not contain", "Pipeline contains no nodes")):
            raise
        raise ParameterError(
            "The pipeline has no such steps",
            got=str(error),
            todo=f"see which nodes there are: kedro registry describe {(options['pipelines'] or ['curate'])[0]}; "
            "a tag is the name of a pipeline",
        ) from None


def _not_in_one_run(names: Sequence[str]) -> ParameterError:
    """Of pipelines of which each reads what another makes, or which share steps."""
    from kedro.framework.project import pipelines  # noqa: PLC0415 -- known once a project is

    runs: list[list[str]] = [[]]
    for name in names:
        try:
            sum((pipelines[each] for each in [*runs[-1], name]), Pipeline([]))
        except (CircularDependencyError, ValueError):
            runs.append([])
        runs[-1].append(name)
    return ParameterError(
        "These pipelines cannot run in one command: one reads what the next makes of it, or holds its steps",
        where="--pipelines",
        got=",".join(names),
        todo=" && ".join(f"kedro run --pipelines {','.join(run)}" for run in runs),
    )


def _unknown_pipeline(names: Sequence[str]) -> ParameterError:
    from kedro.framework.project import pipelines  # noqa: PLC0415 -- known once a project is

    known = sorted(set(pipelines) - {"__default__"})
    unknown = next((name for name in names if name not in known), "")
    return ParameterError(
        "There is no such pipeline",
        where="--pipelines",
        got=unknown,
        allowed=", ".join(known),
        todo=did_you_mean(unknown, known) or "correct its name",
    )


run = copy.copy(kedro_run)
"""``kedro run``; Kedro looks for it under this name when the project is run as a package."""
run.params = [copy.copy(each) for each in kedro_run.params]
run.callback = _run
for _option in run.params:
    if _option.name == "params":
        _option.callback = split_params
cli.add_command(run)


@cli.command()
@env_option
@click.option("--params", type=click.UNPROCESSED, default="", help=PARAMS_ARG_HELP, callback=split_params)
@click.pass_context
def doctor(context: click.Context, env: str | None, params: dict[str, Any]) -> None:
    """Say what may keep a run from going well; change nothing.

    Looks at libraries, extras, FFmpeg, GPU, telemetry, description, parameters, disk and release; and at outputs that
    are stale, left half-written or called by old names. Ends with 1 where there is a problem, and asks no network.
    """
    # Kedro imports this module for each of its commands.
    from rich.console import Console  # noqa: PLC0415

    from sparkle_curation.doctor.examination import examine, show  # noqa: PLC0415
    from sparkle_curation.doctor.setup import Setup  # noqa: PLC0415

    project = context.find_object(ProjectMetadata)
    setup = Setup(project.project_path if project else Path.cwd(), env, params)
    if not show(examine(setup), Console()):
        context.exit(1)


@cli.command()
@env_option
@click.option("--params", type=click.UNPROCESSED, default="", help=PARAMS_ARG_HELP, callback=split_params)
@click.option("--host", default="127.0.0.1", show_default=True, help="What to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=4142, show_default=True, help="0 takes a free one."
)
@click.option("--read-only", is_flag=True, help="Let the page write nothing.")
@click.option(
    "--annotator", help="Whose decisions by hand these are.  [default: git's user.name, else the login]"
)
@click.pass_context
def explore(
    context: click.Context,
    env: str | None,
    params: dict[str, Any],
    host: str,
    port: int,
    read_only: bool,
    annotator: str | None,
) -> None:
    """Open a page to choose thresholds by looking: counts while a slider moves, and pairs side by side.

    Shows what `kedro run --pipelines curate` made last, of whatever environment, data root and release.
    """
    import polars as pl  # noqa: PLC0415
    from kedro.framework.session import KedroSession  # noqa: PLC0415

    from sparkle_curation.catalog import Catalog  # noqa: PLC0415

    project = context.find_object(ProjectMetadata)
    folder = project.project_path if project else Path.cwd()
    session: Any = KedroSession.create(folder, env=env, runtime_params=params)
    with session:
        project_context = session.load_context()
        # Our hook has checked every parameter; Kedro would import the nodes of all pipelines to check theirs.
        project_context._pipelines_to_validate = []
        # As a run asks for it. There is no public way in Kedro 1.7: `context.catalog` ignores DATA_CATALOG_CLASS, and
        # Kedro's own class imports pandas.
        catalog = project_context._get_catalog(catalog_class=Catalog)
    # Only now is the description of the environment taken up, which all of these ask.
    from sparkle_curation.explorer.comparing import Versions  # noqa: PLC0415
    from sparkle_curation.explorer.data import ExplorerTables  # noqa: PLC0415
    from sparkle_curation.explorer.desk import DeskSettings  # noqa: PLC0415
    from sparkle_curation.explorer.files.parameters_file import parameters_file  # noqa: PLC0415
    from sparkle_curation.explorer.mask_review.review import MaskSources  # noqa: PLC0415
    from sparkle_curation.explorer.server import Settings, create_app, serve  # noqa: PLC0415
    from sparkle_curation.filtering.signal_bounds import resolve_bounds  # noqa: PLC0415
    from sparkle_curation.media.made_media import in_place_of  # noqa: PLC0415
    from sparkle_curation.new_samples.release.origins import gather_origins  # noqa: PLC0415
    from sparkle_curation.spec.stages import STAGES  # noqa: PLC0415
    from sparkle_curation.spec.tables.generated import GENERATED_STAGES  # noqa: PLC0415
    from sparkle_curation.spec.tables.ingested import GROUNDING_TABLES  # noqa: PLC0415
    from sparkle_curation.variant.curation.params import FilterParams  # noqa: PLC0415

    every = project_context.params
    curating = FilterParams.model_validate({name: every[name] for name in FilterParams.model_fields})

    def optional(name: str) -> Any:
        return catalog.load(name) if catalog.exists(name) else pl.DataFrame()

    metrics = optional("curation_metrics")
    policies = metrics if isinstance(metrics, dict) else {}
    tables = ExplorerTables(
        verdicts=catalog.load("verdicts"),
        annotations=catalog.load("annotations"),
        scores={each.name: optional(each.table) for each in STAGES},
        score_faults=optional("score_faults"),
        preflight=optional("preflight"),
        not_exported=optional("samples_not_exported"),
        assets=optional("assets"),
        media=in_place_of(optional("media"), catalog.load("made_media_asked_for")),
        boxes=optional("grounding_boxes"),
        signals=optional("signals"),
        sample_groups=optional("sample_groups"),
        audit_sample=catalog.load("audit_sample"),
        bounds=resolve_bounds(curating.signal_bounds),
        groundings={name: optional(name) for name in GROUNDING_TABLES},
        source_files=optional("assets_source_files"),
        origins=gather_origins(
            catalog.load("join_root"),
            optional("new_samples"),
            optional("new_instructions"),
            [optional(f"generated_{each}") for each in GENERATED_STAGES],
        ),
        policies={name: policies[name] for name in ("missing_scores", "imputed_scores") if name in policies}
        | {"missing_signals": curating.missing_signals},
    )
    roots = [f"{name}={params[name]}" for name in ("release_root", "data_root") if name in params]
    if curating.threshold is not None:
        roots.append("threshold=")  # it would stand over the named ones
    name = annotator or _own_name(folder)
    desk = DeskSettings(folder / catalog["overrides"].filepath, name, curating.override_rule)
    masks = MaskSources(
        optional("tracks"),
        tables.media,
        partial(_track_boxes, catalog),
        Path(catalog.load("made_media_root")),
        folder / catalog["mask_decisions"].filepath,
        name,
    )
    settings = Settings(
        host,
        port,
        read_only,
        desk,
        masks,
        partial(_bench_tables, catalog, every["bench_models"] or {}),
        Versions(partial(_open_version, catalog), [*catalog.load("variants"), "HEAD", "HEAD~1"]),
        curating,
        parameters_file(folder, env, params),
        (["--env", env] if env else []) + roots,
    )
    store = catalog.load("asset_store")
    end_start()
    serve(
        lambda: create_app(tables, store, settings),
        settings,
        lambda address: click.echo(f"{address}\nCtrl+C ends it."),
    )


def _bench_tables(catalog: Any, model_roots: dict[str, str]) -> Any:
    """The tables of the benchmark, as far as they were made."""
    import polars as pl  # noqa: PLC0415

    from sparkle_curation.bench.samples.places import bench_root_of, model_roots_of  # noqa: PLC0415
    from sparkle_curation.explorer.bench_review.tables import collect_bench  # noqa: PLC0415

    def optional(name: str) -> Any:
        return catalog.load(f"bench_{name}") if catalog.exists(f"bench_{name}") else pl.DataFrame()

    samples, outputs = (optional(name).lazy().collect() for name in ("samples", "output_paths"))
    return collect_bench(
        samples,
        outputs,
        optional("judgments"),
        optional("scores"),
        optional("published_scores"),
        optional("differences"),
        catalog.load("bench_rubrics"),
        bench_root_of(samples, catalog.load("bench_given_root")) or ".",
        model_roots_of(outputs, model_roots),
    )


def _track_boxes(catalog: Any, boxes_from: str) -> Any:
    """The boxes that masks were tracked from: those ``released``, or those ``regrounded`` here."""
    import polars as pl  # noqa: PLC0415

    from sparkle_curation.media.bboxes.grounding_boxes import locate_groundings  # noqa: PLC0415

    if boxes_from == "released":
        return catalog.load("grounding_boxes") if catalog.exists("grounding_boxes") else pl.DataFrame()
    first, second = (
        catalog.load(f"track_regrounded_r{number}").filter(pl.col("fault").is_null()) for number in (1, 2)
    )
    return locate_groundings(first, second, catalog.load("media"))


def _open_version(catalog: Any, name: str) -> VariantVersion:
    """A version of the variant by name: a named variant, a folder, a revision of git; empty for that of the data root."""
    named = catalog["variants"].folder_of(name) if name in catalog.load("variants") else None
    version: VariantVersion = catalog.load("variant_versions").open(str(named) if named else name)
    return version


def _own_name(folder: Path) -> str:
    """Who sits here: as git knows them, else the name of the login; empty where neither is known."""
    git = shutil.which("git")
    told = ""
    if git:
        asked = [git, "config", "user.name"]
        answer = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed words
        told = answer.stdout.strip()
    try:
        return told or getpass.getuser()
    except (OSError, KeyError):
        return ""
