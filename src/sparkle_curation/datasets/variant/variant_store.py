"""Versions of a variant by name: the one in the data root, those in other folders, those that git and DVC keep."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec
import polars as pl
from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.reports.report_datasets import parse_report
from sparkle_curation.datasets.variant.kiwi_edit_dataset import PARTS, Part, parse_part
from sparkle_curation.datasets.variant.version_files import VersionFiles, folder_files, revision_files
from sparkle_curation.engine.io.format_version import FormatVersionError
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.engine.io.parquet import read_parquet
from sparkle_curation.errors import VersionError
from sparkle_curation.spec.layout import PROMPTS_FOLDER
from sparkle_curation.spec.old_names import old_paths, with_new_keys, with_new_names
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.verdicts import VERDICT_COLUMNS, threshold_column
from sparkle_curation.variant.export import VARIANT_COLUMNS
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.record import RECORD_NAME, read_record
from sparkle_curation.variant.versions.version import CurationSettings, VariantVersion, check_version

_Parsed = TypeVar("_Parsed")

WORKSPACE = "workspace"
"""The version that lies in the data root, as DVC calls it."""


@dataclass(frozen=True)
class VariantPaths:
    """Where the files of a version lie, from its data root; only the training CSVs must be there.

    Attributes:
        prompts: the folder of training CSVs and metadata.
        verdicts: the verdicts, Parquet.
        metrics: the metrics of the curation, JSON.
        not_exported: the kept samples that could not be exported, CSV.
        unloadable: the pairs that the preflight dropped, CSV.
        source_files: the counts of the release's files, CSV.
    """

    prompts: str
    verdicts: str
    metrics: str
    not_exported: str
    unloadable: str
    source_files: str


class VariantStore:
    """Opens versions of a variant by name.

    Args:
        data_root: the current data root, a folder or fsspec URL.
        repository: a folder in the git repository whose revisions can be named.
        tracked_root: the data root from that folder, as its revisions have it.
        paths: where the files lie in a data root.
    """

    def __init__(self, *, data_root: str, repository: Path, tracked_root: str, paths: VariantPaths) -> None:
        self._data_root, self._paths = data_root, paths
        self._repository, self._tracked_root = repository, tracked_root

    def open(self, name: str | None) -> VariantVersion:
        """The version of that name, whole and checked.

        Args:
            name: ``workspace``, empty or None for the data root; a folder: a data root, or one that holds training
                CSVs alone; anything else is a revision of git: a branch, tag, commit, ``HEAD~1``, an experiment.

        Raises:
            VersionError: there is no such version, or its files cannot be read or are not of one curation.
        """
        if not name or name == WORKSPACE:
            version = self._open_folder(WORKSPACE, self._data_root)
        elif "://" in name or Path(name).expanduser().is_dir():
            version = self._open_folder(name, str(Path(name).expanduser()) if "://" not in name else name)
        else:
            with revision_files(self._repository, name, self._tracked_root) as (files, commit):
                version = _read_curation(name, files, self._paths, commit) or _absent(
                    files,
                    [f"{self._tracked_root}/{self._paths.prompts}"],
                    "name a revision that has a variant; one is kept by dvc repro, then git commit of dvc.lock",
                )
        return check_version(version)

    def _open_folder(self, name: str, root: str) -> VariantVersion:
        files = folder_files(name, root)
        return (
            _read_curation(name, files, self._paths)
            or _read_csvs(name, files)
            or _absent(
                files,
                [self._paths.prompts, *_CSV_FOLDERS],
                # Nothing can be made behind a URL.
                "see how the address is written; behind http, a browser must show the folder with its list of files"
                if files.is_remote
                else "make one there: kedro run --pipelines curate",
            )
        )


class VariantStoreDataset(AbstractDataset[NoReturn, VariantStore]):
    """The versions of a variant; load only.

    Args:
        path: the current data root.
        repository: its ``path`` is a folder in the git repository, its ``data_root`` the data root from there.
        files: where the files of a version lie in a data root: the members of ``VariantPaths``.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            variant_versions:
              type: sparkle_curation.datasets.VariantStoreDataset
              path: data
              repository:
                path: .
                data_root: data
              files:
                prompts: 05_model_input/kiwi_edit/prompts
                verdicts: 03_primary/verdicts.parquet
                metrics: 08_reporting/curation_metrics.json
                not_exported: 08_reporting/samples_not_exported.csv
                unloadable: 08_reporting/preflight_dropped.csv
                source_files: 08_reporting/ingest_counts.csv
    """

    def __init__(
        self,
        *,
        path: str,
        repository: Mapping[str, str],
        files: Mapping[str, str],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._root, self._repository = path, dict(repository)
        self._paths = VariantPaths(**files)
        self.metadata = metadata

    def load(self) -> VariantStore:
        """The store; nothing is read before a version is opened."""
        return VariantStore(
            data_root=self._root,
            repository=Path(self._repository["path"]),
            tracked_root=self._repository["data_root"],
            paths=self._paths,
        )

    def save(self, data: NoReturn) -> None:
        """Never: a version is what a curation leaves."""
        raise DatasetError("versions of a variant are read only")

    def _describe(self) -> dict[str, Any]:
        return {"path": self._root, "repository": self._repository}


def _read_curation(
    name: str, files: VersionFiles, paths: VariantPaths, commit: str | None = None
) -> VariantVersion | None:
    """What a curation left under a data root; None where it holds no variant."""
    metrics = _parse(files, paths.metrics, _parse_metrics)
    exported_count = metrics["total"]["exported"] if metrics else None
    samples = _read_samples(files, paths.prompts)
    if samples is None and exported_count != 0:
        return None
    verdicts = _read_verdicts(files, paths.verdicts)
    return VariantVersion(
        name=name,
        samples=_NO_SAMPLES if samples is None else samples,
        verdicts=verdicts,
        settings=_settings(metrics, verdicts),
        exported_count=exported_count,
        not_exported=_parse(files, paths.not_exported, parse_report),
        unloadable=_parse(files, paths.unloadable, parse_report),
        source_files=_parse(files, paths.source_files, parse_report),
        record=_read_record(files, paths.prompts),
        commit=commit,
    )


def _read_record(files: VersionFiles, prompts: str) -> VariantFacts | None:
    """The record beside the training CSVs; None where there is none, or none that this version of the project reads."""
    path = f"{prompts.rpartition('/')[0]}/{RECORD_NAME}"
    content = files.read(path)
    if content is None:
        return None
    with suppress(VersionError, FormatVersionError, UnicodeDecodeError):
        return read_record(content.decode(), where=path)
    return None


def _read_csvs(name: str, files: VersionFiles) -> VariantVersion | None:
    """A folder of training CSVs, or one with a folder ``prompts/`` of them; None where it is neither."""
    for folder in _CSV_FOLDERS:
        samples = _read_samples(files, folder)
        if samples is not None:
            return VariantVersion(name=name, samples=samples)
    return None


_CSV_FOLDERS = ("", PROMPTS_FOLDER)
_NO_SAMPLES = pl.DataFrame(schema=dict.fromkeys([*VARIANT_COLUMNS, "split"], pl.String))


def _read_samples(files: VersionFiles, folder: str) -> pl.DataFrame | None:
    """The samples of all themes and splits; None where the folder has no training CSV."""
    present = files.names_in(folder)
    frames = [_read_part(files, folder, part) for part in PARTS if part.csv_name in present]
    return pl.concat([_NO_SAMPLES, *frames]) if frames else None


def _read_part(files: VersionFiles, folder: str, part: Part) -> pl.DataFrame:
    csv_path, metadata_path = (
        "/".join(step for step in (folder, name) if step) for name in (part.csv_name, part.metadata_name)
    )
    metadata = files.read(metadata_path)
    frame = _parse(files, csv_path, lambda csv: parse_part(part, csv, metadata or b""))
    return _NO_SAMPLES if frame is None else frame


def _read_verdicts(files: VersionFiles, path: str) -> pl.DataFrame | None:
    """The verdicts, in one file or a folder of them; None where the version has none."""
    name = path.rpartition("/")[2]
    parts = sorted(found for found in files.names_in(path) if found.endswith(".parquet") and found != name)
    frames = [
        frame
        for part in ([f"{path}/{part}" for part in parts] or [path])
        if (frame := _parse(files, part, partial(_parse_verdicts, where=f"{files.title}: {part}")))
        is not None
    ]
    return pl.concat(frames) if frames else None


def _parse(files: VersionFiles, path: str, parse: Callable[[bytes], _Parsed]) -> _Parsed | None:
    """What a file says, under whichever name a version of the project gave it; None where there is no such file."""
    found = (files.read(each) for each in (path, *old_paths(path)))
    content = next((each for each in found if each is not None), None)
    if content is None:
        return None
    try:
        return parse(content)
    except (
        pl.exceptions.PolarsError,
        msgspec.MsgspecError,
        ValueError,
        LookupError,
        TypeError,
        RecursionError,
    ) as error:
        raise VersionError(
            "A file of a version is not what a curation writes",
            where=f"{files.title}: {path}",
            got=str(error).partition("\n")[0],
            allowed="training CSVs, metadata, verdicts and reports as this project writes them",
            todo="curate again; a release's own files are compared best after kedro run --pipelines curate",
        ) from error


def _parse_verdicts(content: bytes, where: str) -> pl.DataFrame:
    """The verdicts; what a column of an older project lacks stays away, but these three are needed."""
    table = read_parquet(io.BytesIO(content), where=where, made_by="curate")
    verdicts = with_new_names(table.lazy()).collect()
    verdicts.select("id", "is_kept", "rejected_by")
    return verdicts.select(field.name for field in VERDICT_COLUMNS if field.name in verdicts.columns)


def _parse_metrics(content: bytes) -> dict[str, Any]:
    metrics: dict[str, Any] = with_new_keys(read_json(content))
    _ = metrics["thresholds"], metrics["total"]["exported"]
    return metrics


def _settings(metrics: Mapping[str, Any] | None, verdicts: pl.DataFrame | None) -> CurationSettings:
    """What the metrics say, or else the thresholds that stand in each verdict."""
    if metrics is not None:
        return CurationSettings.from_metrics(metrics)
    columns = {each.name: threshold_column(each) for each in CRITERIA}
    if verdicts is None or verdicts.is_empty() or not set(columns.values()) <= set(verdicts.columns):
        return CurationSettings()
    first = verdicts.row(0, named=True)
    return CurationSettings({name: first[column] for name, column in columns.items()})


def _absent(files: VersionFiles, folders: Sequence[str], todo: str) -> NoReturn:
    raise VersionError(
        "A version has no training CSVs",
        where=files.title,
        got=f"no {{theme}}_train.csv in {', '.join(folder or '.' for folder in folders)}",
        allowed="a data root in which a variant was made, or a folder of training CSVs",
        todo=todo,
    )
