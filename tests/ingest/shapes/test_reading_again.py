"""What is read again of a dataset of another shape, and what an excluded clip takes out of it: in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import yaml
from tests.conftest import CHECKOUT
from tests.made.shapes import KEYED, clip, put_keyed

_SCRIPT = """
import json, os, shutil, sys
from pathlib import Path
from sparkle_curation.ingest.exclusions.exclusion_list import read_exclusions
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import remote_access
from sparkle_curation.pipelines.ingest import nodes
import polars as pl, pyarrow as pa

root, made, listed = map(Path, sys.argv[1:])

def read(name, *others, exclusions=None):
    access = remote_access(None, None, str(made))
    files = ReleaseFiles(str(root), access=access, exclusions=exclusions)
    rows, _, sources = getattr(nodes, f"ingest_{name}")(files, True, *others)
    stream = next(iter(rows.partitions.values()))
    table = pl.DataFrame(pl.from_arrow(pa.concat_tables([stream.schema.empty_table(), *stream.batches()])))
    source = pl.DataFrame(pl.from_arrow(pa.concat_tables(list(sources.batches()))))
    return stream.fingerprint, table, source

first, annotations, _ = read("annotations")
assets = lambda: read("assets", annotations.lazy())
said = {"before": assets()[0]}
said["again"], table, _ = assets()
paths = sorted({row for row in table.filter(kind="object_mask")["container"]})
said["converted"] = paths
clip = root / "clip_0" / "org.mp4"
os.utime(clip, ns=(1, 1))
said["clip changed"] = assets()[0]
said["annotations changed"] = read("annotations")[0] != first
shutil.rmtree(made)
said["converted gone"], again, _ = assets()
said["made again"] = sorted({row for row in again.filter(kind="object_mask")["container"]}) == paths
said["are there"] = all((made / path.removeprefix("@converted/")).is_file() for path in paths)
_, kept, sources = read("annotations", exclusions=read_exclusions(listed))
said["excluded"] = sources["excluded_count"].to_list()
said["kept"] = [json.loads(text)["identity"] for text in kept["extra_fields"]]
print(json.dumps(said))
"""


def test_what_changed_is_read_again_and_what_is_excluded_is_not_let_in(tmp_path: Path) -> None:
    """A clip that changed, a folder of what was converted that is gone; and each sample of a clip, backwards too."""
    root, listed = tmp_path / "release", tmp_path / "exclusions.csv"
    put_keyed(root)
    (tmp_path / "dataset.yml").write_text(yaml.safe_dump(KEYED), "utf-8")
    content = clip(0)
    line = f"{hashlib.sha256(content).hexdigest()},{len(content)},2026-01-01,person"
    listed.write_text(f"source_hash,size_bytes,date,reason\n{line}\n", "utf-8")
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(root), str(tmp_path / "made"), str(listed)],
        cwd=CHECKOUT,
        env=os.environ | {"SPARKLE_DATASET": str(tmp_path / "dataset.yml")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    said = json.loads(run.stdout)

    assert said["before"] == said["again"]
    assert said["clip changed"] != said["again"]
    assert said["converted gone"] != said["clip changed"]
    assert said["annotations changed"] is False
    assert len(said["converted"]) == 1  # two clips with the same run lengths have one mask
    assert said["made again"]
    assert said["are there"]
    assert said["excluded"] == [3]
    assert sorted(set(said["kept"])) == ["clip_1", "clip_2"]
