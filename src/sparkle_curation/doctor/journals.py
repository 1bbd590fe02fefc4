"""The journals of costly work: rows that no run wants any more, and those that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from kedro.utils import load_obj

from sparkle_curation.datasets import JournalDataset
from sparkle_curation.doctor.finding import Finding, State, counted, of_error
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.engine.journal.faults import JournalError
from sparkle_curation.engine.journal.journal import Journal

MOST_BYTES = 256 << 20
"""Of a journal whose keys are looked through; about a second."""

_PRUNE = "kedro run --pipelines prune says which, and drops them with --params prune.is_dry=false"


def check_journals(setup: Setup, most_bytes: int = MOST_BYTES) -> Iterator[Finding]:
    """What each journal that is there holds, and how much of it was made by other code or of another release."""
    names = {name for pipeline in setup.pipelines.values() for name in pipeline.all_inputs()}
    count = 0
    for name in sorted(names):
        dataset, path = setup.catalog.get(name), setup.path_of(name)
        if not isinstance(dataset, JournalDataset) or path is None or not path.is_file():
            continue
        count += 1
        subject, size = f"journal {path.stem}", path.stat().st_size
        if size > most_bytes:
            yield Finding(subject, State.OK, f"{size:,} bytes: too long to be looked through here", _PRUNE)
            continue
        # Not loaded through its dataset, which would rename one with an old name.
        journal = Journal(path, load_obj(dataset._describe()["schema"]))
        try:
            counts = journal.count_unwanted()
        except JournalError as error:
            yield of_error(subject, error)
            continue
        if counts is None:
            yield Finding(subject, State.OK, f"{size:,} bytes; no run has noted what it wants of it")
        elif counts[1]:
            said = f"{counts[1]:,} of {counted(counts[0], 'row')} are of other code, settings or files than the last run's"
            yield Finding(subject, State.WARNING, said, _PRUNE)
        else:
            yield Finding(subject, State.OK, f"{counted(counts[0], 'row')} in {size:,} bytes, all wanted")
    if not count:
        yield Finding("journals", State.OK, "none yet")
