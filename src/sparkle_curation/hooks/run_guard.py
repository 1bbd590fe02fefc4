"""Keeps two runs on one data root from each other's tables.

Of two runs at once one would read what the other is replacing: "counts do not add up" would be true of neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import ParameterError

if TYPE_CHECKING:
    from sparkle_curation.engine.shards import Shard

_FOLDER = ".locks"
_OF_ALL_JOURNALS = frozenset({"merge", "prune"})
"""Pipelines that read the journals of others."""
_LOCKS_ITSELF = "locks_itself"
"""Tag of nodes that lock what they write more finely than by their pipeline."""


class RunGuard:
    """Takes, while a run lasts, the pipelines that it runs for itself, and those that it reads from together with others.

    What only looks at the project (``kedro viz``, ``kedro catalog``) runs no pipeline and takes none.
    """

    def __init__(self) -> None:
        self._data_root: str | None = None
        self._shard: str | None = None
        self._locks: RunLocks | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Note where the run writes to."""
        config = context.config_loader
        self._data_root = config["parameters"].get("data_root") or config["globals"]["data_root"]
        self._shard = config["parameters"].get("shard") or config["globals"].get("shard")

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Take what the run needs.

        Raises:
            LockedError: another run has it.
            ParameterError: a shard is asked for of what cannot be shared.
        """
        from sparkle_curation.engine.shards import Shard  # noqa: PLC0415 -- hooks/__init__.py says why

        self._release()  # of a run in this process that ended otherwise than by its end or an error
        optional = {name for name in pipeline.inputs() if _is_optional(catalog, name)}
        names = run_params.get("pipeline_names") or ["__default__"]
        locks = RunLocks(
            Path(self._data_root or ".").absolute() / _FOLDER, f"kedro run --pipelines {','.join(names)}"
        )
        claims = claims_of(pipeline, dict(pipelines), optional)
        shard = Shard.parse(self._shard)
        if shard is not None:
            claims = _claims_of_shard(claims, shard, catalog)
        locks.take(claims)
        self._locks = locks

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Give it back."""
        self._release()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Give it back."""
        self._release()

    def _release(self) -> None:
        if self._locks:
            self._locks.release()
        self._locks = None


def claims_of(pipeline: Pipeline, known: Mapping[str, Pipeline], optional: Iterable[str]) -> set[Claim]:
    """The pipelines that a run writes, each as a whole, and those that it reads outputs of and does not write.

    Args:
        pipeline: the nodes of the run; the namespace of each is its pipeline.
        known: all pipelines by name, those that are put together of others too.
        optional: inputs that are whole by themselves and checked where they are used: to take rescores for days, as
            ``score`` does, keeps nobody from filtering.
    """
    written = {_pipeline_of(node.namespace) for node in pipeline.nodes if _LOCKS_ITSELF not in node.tags}
    inputs = pipeline.inputs() - set(optional)
    writers = {
        _pipeline_of(node.namespace)
        for each in known.values()
        for node in each.nodes
        if not inputs.isdisjoint(node.outputs)
    }
    return {Claim(name, True) for name in written if name} | {
        Claim(name, False) for name in writers - written if name
    }


def _claims_of_shard(claims: set[Claim], shard: Shard, catalog: Any) -> set[Claim]:
    """What a shard of a pipeline takes: itself, and the pipeline together with the other shards.

    Raises:
        ParameterError: it is no costly pipeline, or there are several.
    """
    written = sorted(claim.name for claim in claims if claim.is_writing)
    if len(written) != 1 or not _is_costly(catalog, written[0]):
        known = sorted(name for name in pipelines if _is_costly(catalog, name))
        raise ParameterError(
            "A shard is of one costly pipeline",
            where=f"shard={shard}",
            got=f"--pipelines {','.join(written)}",
            allowed=f"one of {', '.join(known)}; the tables that it reads are made before, without shard",
            todo=f"kedro run --pipelines {known[0]} --params shard={shard}",
        )
    return {
        Claim(f"{written[0]}.{shard.suffix}", True),
        *(Claim(claim.name, False) for claim in claims),
    }


def _is_costly(catalog: Any, name: str) -> bool:
    """Whether a pipeline notes its own work in a journal that shards can be merged into."""
    pipeline = dict(pipelines).get(name)
    if pipeline is None or name in _OF_ALL_JOURNALS:
        return False
    is_one = {_pipeline_of(node.namespace) for node in pipeline.nodes} == {name}  # `curate` is several
    journals = [each for each in pipeline.inputs() if each.endswith("_journal")]
    return is_one and any("work" in catalog.config_resolver.resolve_pattern(each) for each in journals)


def _pipeline_of(namespace: str | None) -> str | None:
    return namespace.partition(".")[0] if namespace else None


def _is_optional(catalog: Any, name: str) -> bool:
    config = catalog.config_resolver.resolve_pattern(name)
    return bool(config.get("is_optional"))
