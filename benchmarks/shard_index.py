"""Times the index of a cold shard of many small members: ``python -m benchmarks.shard_index WORK MEMBERS CONTENDER``.

Small members make the walk over headers as long as it can be. Both contenders must find the same members.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import time
from pathlib import Path

from sparkle_curation.spec.layout import KIND, asset_path, shard_path
from sparkle_curation.spec.sample_ids import SampleId
from sparkle_curation.spec.themes import THEMES

MEMBER_BYTES = 4096


def make_shard(work: Path, members: int) -> Path:
    """The shard, made where it is not there."""
    shard = work / "release" / shard_path(THEMES[0], KIND.source_video, 0)
    if not shard.exists():
        shard.parent.mkdir(parents=True, exist_ok=True)
        content = os.urandom(MEMBER_BYTES)
        partial = shard.with_suffix(".partial")
        with tarfile.open(partial, "w") as tar:
            for number in range(1, members + 1):
                member = tarfile.TarInfo(
                    asset_path(THEMES[0], KIND.source_video, str(SampleId(THEMES[0], number)))
                )
                member.size = MEMBER_BYTES
                tar.addfile(member, io.BytesIO(content))
        partial.rename(shard)
    return shard


def index(work: Path, contender: str) -> tuple[float, int]:
    """Seconds without imports, and the members found."""
    if contender == "ours":
        from sparkle_curation.ingest.assets.table import ingest_assets
        from sparkle_curation.ingest.release_files import ReleaseFiles

        start = time.perf_counter()
        pieces = ingest_assets(ReleaseFiles(str(work / "release"))).rows.batches()
        count = sum(piece.num_rows for piece in pieces)
    else:
        start, count = time.perf_counter(), 0
        for shard in (work / "release").rglob("*.tar"):
            with tarfile.open(shard) as tar:
                count += len([(member.name, member.offset_data, member.size) for member in tar])
    return time.perf_counter() - start, count


def main() -> None:
    """Make the shard, index it, print the seconds."""
    work, members, contender = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    make_shard(work, members)
    seconds, found = index(work, contender)
    if found != members:
        raise RuntimeError(f"{contender} found {found} of {members} members")
    print(json.dumps({"s": seconds, "members": found}))


if __name__ == "__main__":
    main()
