"""What was made under another name or by other code: files with old names, columns with old names, DVC's stages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.datasets import JournalDataset
from sparkle_curation.doctor.finding import Finding, State, listed
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.engine.io.parquet import parquet_files
from sparkle_curation.pipelines.manifest.nodes import digest_code
from sparkle_curation.spec.old_names import old_paths, renamed_column

_DIGESTS = "code_digests"


def check_old_names(setup: Setup) -> Iterator[Finding]:
    """Files in the data root that are called otherwise now, and tables with columns that are."""
    subject, is_any = "old names", False
    for name, path in _outputs(setup):
        for old in (Path(each) for each in old_paths(str(path)) if Path(each).is_file()):
            is_any = True
            is_journal = isinstance(setup.catalog.get(name), JournalDataset)
            yield Finding(
                subject,
                State.WARNING,
                f"{setup.shown(old)} is called {path.name} now"
                + (f", and {path.name} is there too" if path.exists() else ""),
                "nothing: the next run that needs it renames it, and goes on with it"
                if is_journal and not path.exists()
                else "remove it; a run writes and reads the new one",
            )
        columns = [each for each in _columns(path) if renamed_column(each) != each]
        if columns:
            is_any = True
            said = ", ".join(f"{each} is {renamed_column(each)} now" for each in columns[:3])
            more = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
            yield Finding(
                subject,
                State.WARNING,
                f"columns of {setup.shown(path)}: {said}{more}",
                "nothing: it is read as it is, and the pipeline that makes it writes the new names",
            )
    if not is_any:
        yield Finding(subject, State.OK, "none in the data root")


def check_code_digests(setup: Setup) -> Iterator[Finding]:
    """The pipelines whose code is not what the manifest noted, which is what DVC runs their stages again for."""
    path = setup.path_of(_DIGESTS)
    if path is None or not path.is_file():
        return
    subject = "stages of DVC"
    try:
        noted = read_json(path.read_bytes())
    except (OSError, ValueError):
        noted = None
    now = digest_code(setup.catalog["pipeline_code"].load())
    if not isinstance(noted, dict):
        changed = sorted(now)
    else:
        changed = [name for name, digest in now.items() if noted.get(name) != digest]
    if changed:
        found = f"their code is not that of the last manifest: {listed(changed, 99)}"
        yield Finding(subject, State.WARNING, found, "dvc repro, where versions are kept")
    else:
        yield Finding(subject, State.OK, "the code of all pipelines is that of the last manifest")


def _outputs(setup: Setup) -> Iterator[tuple[str, Path]]:
    """The datasets of all pipelines that have a place in the data root."""
    names = {name for pipeline in setup.pipelines.values() for name in pipeline.datasets()}
    for name in sorted(names):
        if path := setup.path_of(name):
            yield name, path


def _columns(path: Path) -> list[str]:
    """The columns of a Parquet table; none of another file."""
    files = parquet_files(path) if path.suffix == ".parquet" else []
    if not files:
        return []
    try:
        return list(pq.read_schema(files[0]).names)
    except (pa.ArrowInvalid, OSError):  # told by the check of the outputs
        return []
