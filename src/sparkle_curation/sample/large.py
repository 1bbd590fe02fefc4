"""A release of any number of samples, text only: what benchmarks read.

Text comes from pools that are filled once; a line is a few of their pieces joined, so that a gigabyte takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.release.layout import (
    annotations_csv_path,
    asset_path,
    intermediate_jsonl_path,
    metadata_jsonl_path,
)
from sparkle_curation.release.reasons import Reason
from sparkle_curation.release.sample_ids import SampleId, id_prefix
from sparkle_curation.release.tables import JSONL_TABLES
from sparkle_curation.release.themes import METADATA_EDIT_TYPES, THEMES
