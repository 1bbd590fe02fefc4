"""Each fault from its files to the last line of a run in a process of its own; and the page of what was seen.

``WRITE_FAULTS_PAGE=1 python -m pytest tests/journeys/test_faults.py`` writes ``docs/faults.md`` again.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import CHECKOUT, Project
from tests.journeys.fault_runs import Journey, Scene, Seen, run, shown
from tests.journeys.faults import JOURNEYS

pytestmark = pytest.mark.slow

PAGE = CHECKOUT / "docs" / "faults.md"
RUNS = [journey for journeys in JOURNEYS.values() for journey in journeys]
See = Callable[[Journey], Seen]
assert len({journey.name for journey in RUNS}) == len(RUNS), "a run is known by its name"


@pytest.fixture(scope="module")
def finished(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A good run: tables and a variant."""
    project = Project(sample_release, tmp_path_factory.mktemp("finished") / "data")
    project.run_here("ingest,inspect,filter")
    return project


@pytest.fixture(scope="module")
def see(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> See:
    """Runs each journey once, on files of its own, whichever test asks first."""
    known: dict[str, Seen] = {}

    def seen(journey: Journey) -> Seen:
        if journey.name not in known:
            folder = tmp_path_factory.mktemp("fault") / "a" / "b" / "c"
            release = shutil.copytree(finished.release_root, folder / "release")
            if journey.is_later:
                shutil.copytree(finished.data_root, folder / "data")
            known[journey.name] = run(journey, Scene(folder, release, str(release), folder / "data"))
        return known[journey.name]

    return seen


def rows_of(journey: Journey, seen: Seen) -> Iterator[str]:
    """The rows of the page that come of a run."""
    for fault in journey.faults:
        cells = (
            fault.what,
            f"`{journey.command}`",
            str(seen.exit_code),
            shown(fault.read(seen)),
            f"`{fault.by}`",
            journey.left.text,
        )
        yield f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("journey", RUNS, ids=lambda journey: journey.name)
def test_a_fault_is_told(journey: Journey, see: See) -> None:
    """Its exit code, what is said of each fault and where that stands in the code, and what the run leaves."""
    seen = see(journey)
    assert "resume the pipeline" not in seen.text
    assert "No nodes ran" not in seen.text
    assert seen.exit_code == journey.exit_code, seen.text
    for fault in journey.faults:
        assert fault.phrase in fault.read(seen)
        assert fault.by == "Kedro" or (CHECKOUT / "src" / "sparkle_curation" / fault.by).is_file()
    if seen.exit_code == 1:
        (fault,) = journey.faults
        # What stands in quotes comes from the fault; of the rest a piece is in the code as it is.
        constant = max(re.split(r"'[^']*'", seen.error["what"].removesuffix(".")), key=len)
        pieces = [constant[start : start + 16] for start in range(max(1, len(constant) - 15))]
        source = (CHECKOUT / "src" / "sparkle_curation" / fault.by).read_text("utf-8")
        assert [piece for piece in pieces if piece in source] != []
    journey.left.check(seen)


def test_the_page_says_what_is_seen(see: See) -> None:
    """`docs/faults.md` is the table of these very runs."""
    lines = [
        "# Faults, and what is said of them",
        "",
        "Made by `WRITE_FAULTS_PAGE=1 python -m pytest tests/journeys/test_faults.py`; do not edit.",
        "Each was made in a copy of the sample release and met by `kedro run` in a process of its own; none ends in a",
        "traceback, and no password is printed. A run that goes on exits with 0. What rules find in the rows of tables:",
        "[damage.md](damage.md); in media: [media_damage.md](media_damage.md).",
    ]
    head = ["what somebody has or did", "`kedro run`", "exit", "what is said", "said by", "left on disk"]
    for title, journeys in JOURNEYS.items():
        lines += ["", f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        for journey in journeys:
            lines += rows_of(journey, see(journey))
    text = "\n".join([*lines, ""])
    if os.environ.get("WRITE_FAULTS_PAGE"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text
