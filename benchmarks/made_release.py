"""Makes a text-only release: ``python -m benchmarks.made_release DIR SAMPLES BAD_LINE_SHARE``."""

from __future__ import annotations

import sys
from pathlib import Path

from synthetic.large import write_large_release

if __name__ == "__main__":
    write_large_release(Path(sys.argv[1]), samples=int(sys.argv[2]), bad_line_share=float(sys.argv[3]))
