"""A local release's CSVs and JSON lines without some samples: ``python -m sparkle_curation.removal.raw_texts``.

No run does this: raw data are changed by whoever asks for it, with this command.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sparkle_curation.removal.needles import Needles
from sparkle_curation.removal.rewriting import rewrite_lines
from sparkle_curation.spec.sample_ids import ID_FORM, parse_sample_id

_ENDINGS = {".csv", ".jsonl"}


def take_out(root: Path, ids: frozenset[str]) -> dict[Path, int]:
    """Rewrite each CSV and each file of JSON lines below a folder that names one of the samples; records taken out by file.

    Args:
        root: the folder; what lies behind links is left as it is.
        ids: of the samples.
    """
    needles = Needles(ids)
    files = sorted(path for path in root.rglob("*") if path.suffix in _ENDINGS and path.is_file())
    counts = {path: rewrite_lines(path, needles, is_dry=False) for path in files if not path.is_symlink()}
    return {path: count for path, count in counts.items() if count}


def _links(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix in _ENDINGS and path.is_symlink())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m sparkle_curation.removal.raw_texts", description=__doc__)
    parser.add_argument("root", type=Path, help="folder of the release")
    parser.add_argument("ids", nargs="+", help="samples whose records go")
    told = parser.parse_args()
    bad = [each for each in told.ids if parse_sample_id(each) is None]
    if bad:
        parser.error(f"no sample: {', '.join(bad)}; allowed {ID_FORM}")
    if not told.root.is_dir():
        parser.error(f"no folder: {told.root}")
    for path in _links(told.root):
        print(f"{path}: a link, left as it is; give the folder that it leads to")  # noqa: T201
    for path, count in take_out(told.root, frozenset(told.ids)).items():
        print(f"{path}: {count:,} records taken out")  # noqa: T201


if __name__ == "__main__":
    main()
