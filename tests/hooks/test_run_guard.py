"""What a run takes for itself, and what it shares with others that read."""

from __future__ import annotations

import pytest
from kedro.framework.project import pipelines
from tests.conftest import Project

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import LockedError
from sparkle_curation.hooks.run_guard import claims_of


def claims(name: str, optional: set[str] | None = None) -> tuple[set[str], set[str]]:
    """The pipelines that a pipeline takes for itself, and those that it shares."""
    known = dict(pipelines)
    found = claims_of(known[name], known, optional or set())
    return (
        {claim.name for claim in found if claim.is_writing},
        {claim.name for claim in found if not claim.is_writing},
    )


@pytest.mark.usefixtures("kedro_project")
@pytest.mark.parametrize(
    ("name", "own", "shared"),
    [
        ("ingest", {"ingest"}, set()),
        ("inspect", {"inspect"}, {"ingest"}),
        ("score", {"score"}, {"ingest", "inspect", "edit_frame0", "remove_foreground", "synthesize"}),
        (
            "curate",
            {"ingest", "inspect", "validate", "filter"},
            {"score", "near_duplicates", "signals", "audit", "bench_ingest"},
        ),
    ],
)
def test_a_run_takes_what_it_writes_and_shares_what_it_reads(
    name: str, own: set[str], shared: set[str]
) -> None:
    """A pipeline that is put together of others takes all of them."""
    assert claims(name) == (own, shared)


@pytest.mark.usefixtures("kedro_project")
def test_what_is_optional_is_not_waited_for() -> None:
    """Who scores for days keeps nobody from filtering."""
    rescores = {name for name in pipelines["filter"].inputs() if name.startswith("rescored")}
    assert rescores
    assert "score" not in claims("filter", rescores)[1]


def test_a_run_stops_for_one_that_reads_what_it_writes(project: Project) -> None:
    """Before it touches anything, and in words; once the other has ended it runs, and leaves no lock."""
    folder = project.data_root / ".locks"
    other = RunLocks(folder, "kedro run --pipelines report")
    other.take([Claim("ingest", is_writing=False)])
    with pytest.raises(LockedError, match=r"(?s)reads what this run writes.*--pipelines report on"):
        project.run_here("ingest")
    assert [path.name for path in project.data_root.iterdir()] == [".locks"]
    other.release()
    project.run_here("ingest")
    assert not folder.exists()
