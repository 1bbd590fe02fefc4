"""Shards of one piece of work: each in a process and a journal of its own, merged in any order, by halves, and twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from tests.conftest import CHECKOUT
from tests.engine.executors.batch_functions import RESULT_SCHEMA, SquaresLogged

from sparkle_curation.engine.executors.processes import LocalExecutor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.locking import JournalHeldError
from sparkle_curation.engine.journal.owners import read_owners
from sparkle_curation.engine.journal.resumable import run_resumable
from sparkle_curation.engine.journal.shard_journal import ShardJournal, merge_shards, shards_of
from sparkle_curation.engine.shards import Shard
from sparkle_curation.errors import ParameterError

WORK = range(60)
KEYS = [str(number) for number in WORK]


def whole_journal(folder: Path) -> Journal:
    """The journal that shards are merged into; what was negative is tried again."""
    return Journal(folder / "squares.journal", RESULT_SCHEMA, retried_errors=["negative"])


def sample_ids(numbers: list[int]) -> pa.Array:
    """Whose the work is: two numbers a sample."""
    return pa.array([f"sample_{number // 2}" for number in numbers], pa.string())


def run_shard(folder: Path, shard: Shard, pause_s: float = 0.0) -> None:
    """Square what is this shard's, one by one."""
    own = [number for number, is_own in zip(WORK, shard.holds(KEYS), strict=True) if is_own]
    function = SquaresLogged(folder / "done.log", pause_s)
    with ShardJournal(whole_journal(folder), shard) as part:
        part.note_asked(pa.array([str(number) for number in own], pa.string()), sample_ids(own))
        for _ in run_resumable(own, str, function, LocalExecutor(1), part, batch_size=1):
            pass


def start(folder: Path, shard: Shard) -> subprocess.Popen[bytes]:
    """A process of its own that does a shard, slowly."""
    code = (
        "import sys; from pathlib import Path; from sparkle_curation.engine.shards import Shard; "
        "from tests.engine.journal.test_shard_journal import run_shard; "
        "run_shard(Path(sys.argv[1]), Shard.parse(sys.argv[2]), 0.02)"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(folder), str(shard)], cwd=CHECKOUT)


def squares(folder: Path) -> dict[str, int]:
    """What the whole journal has."""
    rows = whole_journal(folder).read()
    return dict(zip(rows["key"].to_pylist(), rows["square"].to_pylist(), strict=True))


def states(folder: Path) -> list[str]:
    """What a merge says of the shards, in their order."""
    return [row.state for row in merge_shards(whole_journal(folder))]


@pytest.mark.parametrize("count", [1, 3, 16])
def test_each_key_is_of_one_shard(count: int) -> None:
    """Of about a like share each; digests and other texts alike."""
    keys = [*KEYS, *(f"{number:032x}" for number in range(0, 1 << 40, 1 << 31))]
    holders = Counter(index for index in range(count) for held in Shard(count, index).holds(keys) if held)
    assert sum(holders.values()) == len(keys)
    assert len(holders) == count
    assert not len(Shard(3, 1).holds([]))


@pytest.mark.parametrize("text", ["4/4", "0/0", "-1/4", "1", "a/b", "1/4/2", "", "0-of-4"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """With what is allowed."""
    with pytest.raises(ParameterError, match=r"(?s)no such shard.*i/n with i from 0 to n-1"):
        Shard.parse(text)
    assert Shard.parse(None) is None


def test_processes_at_once_of_which_one_is_killed_do_all_the_work_once(tmp_path: Path) -> None:
    """A merge meanwhile leaves those alone that run; the killed one goes on where it was, and nothing is done twice."""
    shards = [Shard(3, index) for index in range(3)]
    running = [start(tmp_path, shard) for shard in shards]
    victim = ShardJournal(whole_journal(tmp_path), shards[1])
    while running[1].poll() is None and sum(rows.num_rows for rows in victim.records()) < 3:
        time.sleep(0.005)
    with pytest.raises(JournalHeldError):  # the same shard a second time
        victim.__enter__()
    running[1].send_signal(signal.SIGKILL)
    assert running[1].wait() == -signal.SIGKILL
    known = victim.read()["key"].to_pylist()
    assert set(states(tmp_path)) <= {"partial", "running", "whole", "absent"}
    assert [process.wait() for process in (running[0], running[2])] == [0, 0]
    again = start(tmp_path, shards[1])
    assert again.wait() == 0
    assert states(tmp_path) == ["whole", "whole", "whole"]
    assert squares(tmp_path) == {str(number): number**2 for number in WORK}
    done = Counter((tmp_path / "done.log").read_text().split())
    assert all(done[key] == 1 for key in known)
    assert done.total() <= len(WORK) + 1  # what the killed one had in hand
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".squares.journal.lock",
        ".squares.journal.owners",
        "done.log",
        "squares.journal",
    ]


def test_shards_are_merged_in_any_order_by_halves_and_twice(tmp_path: Path) -> None:
    """Told is what is missing each time; what is merged is not done again; the rows do not depend on the order."""
    run_shard(tmp_path, Shard(3, 2))
    assert states(tmp_path) == ["absent", "absent", "whole"]
    assert states(tmp_path) == ["absent", "absent", "whole"]
    run_shard(tmp_path, Shard(3, 2))
    assert len((tmp_path / "done.log").read_text().split()) == int(Shard(3, 2).holds(KEYS).sum())
    run_shard(tmp_path, Shard(3, 0))
    assert states(tmp_path) == ["whole", "absent", "whole"]
    run_shard(tmp_path, Shard(3, 1))
    merged = merge_shards(whole_journal(tmp_path))
    assert [(row.shard, row.state, row.missing_rows) for row in merged] == [
        ("0/3", "whole", 0),
        ("1/3", "whole", 0),
        ("2/3", "whole", 0),
    ]
    assert squares(tmp_path) == {str(number): number**2 for number in WORK}
    assert merge_shards(whole_journal(tmp_path)) == []


def test_a_merge_that_was_killed_is_done_again_without_harm(tmp_path: Path) -> None:
    """Its rows were taken, and the shard's journal not yet removed: the whole one stays as it is."""
    shard = Shard(1, 0)
    run_shard(tmp_path, shard)
    part = ShardJournal(whole_journal(tmp_path), shard)
    kept = part.path.read_bytes()
    merge_shards(whole_journal(tmp_path))
    before = whole_journal(tmp_path).path.read_bytes()
    part.path.write_bytes(kept)
    assert [(row.merged_rows, row.state) for row in merge_shards(whole_journal(tmp_path))] == [(0, "partial")]
    assert whole_journal(tmp_path).path.read_bytes() == before
    assert merge_shards(whole_journal(tmp_path)) == []


def test_what_failed_before_is_replaced_and_what_a_shard_lacks_is_counted(tmp_path: Path) -> None:
    """A row whose error does not stand gives way to that of a shard; a shard that was stopped says how much is to do."""
    whole = whole_journal(tmp_path)
    failed = pa.table({"key": ["5"], "square": [None], "error": ["negative"]}, schema=RESULT_SCHEMA)
    with whole:
        whole.append(failed)
    with ShardJournal(whole, Shard(1, 0)) as part:
        part.note_asked(pa.array(["5", "6", "7"]), sample_ids([5, 6, 7]))
        assert part.remaining(["5", "6"]).tolist() == [True, True]
        part.append(SquaresLogged(tmp_path / "done.log")([5]))
        assert part.remaining(["5", "6"]).tolist() == [False, True]
        assert [row.state for row in merge_shards(whole)] == ["running"]
    (row,) = merge_shards(whole)
    assert (row.state, row.merged_rows, row.missing_rows) == ("partial", 1, 2)
    assert squares(tmp_path) == {"5": 25}
    assert read_owners(whole.path).to_pydict() == {
        "key": ["5", "6", "7"],
        "id": ["sample_2", "sample_3", "sample_3"],
    }
    assert shards_of(whole) == {Shard(1, 0)}


def test_other_files_beside_a_journal_are_no_shards(tmp_path: Path) -> None:
    """Whatever they are called."""
    for name in (
        "squares.journal.bak",
        "squares.journal.5-of-4",
        "squares.journal.1-of-x",
        "x.journal.0-of-2",
    ):
        (tmp_path / name).write_bytes(b"")
    assert merge_shards(whole_journal(tmp_path)) == []
