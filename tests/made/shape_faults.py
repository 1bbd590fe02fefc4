"""The ten likeliest faults of each shape of ``tests.made.shapes``, beside its good records, and what becomes of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.made import shapes


@dataclass(frozen=True)
class Faulty:
    """A release with faults.

    Attributes:
        put: writes it.
        found: table and reason of each piece in the quarantine, and how many of it there are.
        pairs: pairs of its variant.
        params: of the run.
    """

    put: Callable[[Path], None]
    found: dict[tuple[str, str], int]
    pairs: int
    params: str = ""


def _json_list(root: Path) -> None:
    good = shapes.json_list_records()
    text = json.dumps
    fragments = [
        *map(text, good),
        text({key: value for key, value in good[0].items() if key != "instruction"}),
        text(good[1] | {"instruction": "  "}),
        text(good[1] | {"instruction": 7}),
        text(good[0] | {"instruction": "a"})[:-1] + ', "score": NaN}',
        "7",
        text(good[0]),
        "{'source_path': 'source/0000.mp4'}",
        text(good[2] | {"edited_path": "edited/9999.mp4"}),
        text(good[2] | {"edited_path": "/mnt/edited/0002.mp4"}),
        text(good[2] | {"edited_path": "../edited/0002.mp4"}),
        text(good[3])[:-1] + ', "instruction": "another"}',
        text(good[3])[:-20],
    ]
    shapes.put_json_list(root, f"[{', '.join(fragments)}")


JSON_LIST = Faulty(
    _json_list,
    {
        ("annotations", "missing_field"): 2,
        ("annotations", "wrong_type"): 1,
        ("annotations", "not_finite"): 1,
        ("annotations", "not_an_object"): 1,
        ("annotations", "duplicate_identical"): 1,
        ("annotations", "invalid_json"): 1,
        ("annotations", "duplicate_key"): 1,
        ("annotations", "truncated_line"): 1,
        ("assets", "missing_file"): 1,
        ("assets", "absolute_path"): 1,
        ("assets", "parent_path"): 1,
    },
    pairs=4,
)


def _parquet(root: Path) -> None:
    good = shapes.parquet_records()
    shapes.put_parquet(
        root,
        [
            *good,
            good[0] | {"iid": "no prompt", "prompt": None},
            good[0] | {"iid": "blank", "prompt": " \n"},
            good[0] | {"iid": None},
            good[1],
            good[0] | {"iid": "twice"},
            good[1] | {"iid": "twice"},
            good[0] | {"iid": "gone", "src_video": "src/gone.mp4"},
            good[0] | {"iid": "nowhere", "tgt_video": ""},
            good[0] | {"iid": "absolute", "tgt_video": "/data/tgt/0.mp4"},
            good[0] | {"iid": "above", "src_video": "../src/0.mp4"},
            good[0] | {"iid": "no picture", "ref_image": None},
        ],
    )


PARQUET = Faulty(
    _parquet,
    {
        ("annotations", "missing_field"): 3,
        ("annotations", "duplicate_identical"): 1,
        ("annotations", "duplicate_conflicting"): 2,
        ("assets", "missing_file"): 1,
        ("assets", "missing_field"): 1,
        ("assets", "absolute_path"): 1,
        ("assets", "parent_path"): 1,
    },
    pairs=5,  # a reference picture need not be there
)


def _semicolons(root: Path) -> None:
    shapes.put_semicolons(root)
    clip = "/mnt/data/out/add0.mp4"
    original = "/mnt/data/in/add0.mp4"
    text = (root / "add.csv").read_text("utf-8")
    text += f"{clip}x;{original}\n"  # a cell too few
    text += f"{clip}y;{original};a;b\n"  # one too many
    text += "\n"
    text += f'{clip}z;{original};"a" quote\n'
    text += f"{clip}u;{original};\n"
    text += f";{original};no id\n"
    text += f"/mnt/data/out/gone.mp4;{original};a file that is not there\n"
    text += f"/mnt/data/out/add1.mp4;{original};another prompt of one id\n"
    content = text.encode() + f"{clip}b;{original};caf\xe9\n".encode("latin-1")
    (root / "add.csv").write_bytes(content + f'{clip};{original};"cut in the mid'.encode())
    with (root / "add_scores.jsonl").open("a", encoding="utf-8") as file:
        for record in (
            {"clip": "/mnt/data/out/none.mp4", "aes": 5, "flow": 1},
            {"clip": "/mnt/data/out/gone.mp4", "aes": 11, "flow": "fast"},
        ):
            file.write(json.dumps(record) + "\n")


SEMICOLONS = Faulty(
    _semicolons,
    {
        ("annotations", "wrong_column_count"): 2,
        ("annotations", "blank_line"): 1,
        ("annotations", "invalid_csv"): 1,
        ("annotations", "missing_field"): 2,
        ("annotations", "duplicate_conflicting"): 2,
        ("annotations", "invalid_utf8"): 1,
        ("annotations", "truncated_line"): 1,
        ("assets", "missing_file"): 1,
        ("aesthetic_scores", "unknown_sample"): 2,  # that of the id whose records differ too
        ("aesthetic_scores", "score_out_of_range"): 1,
        ("flow_scores", "unknown_sample"): 2,
        ("flow_scores", "wrong_type"): 1,
    },
    pairs=5,
    params="thresholds.aesthetic=4,thresholds.flow=20",
)


def _per_task(root: Path) -> None:
    good = shapes.per_task_records("removal")
    shapes.put_per_task(root)
    shapes.put(root / "clips/mask/broken.mp4", b"no video at all")

    def other(name: str, **changes: Any) -> dict[str, Any]:
        return (
            good[3]
            | {"instruction_final_refine": name, "tar_video": f"./{'./' * len(name)}tar/removal3.mp4"}
            | changes
        )

    records = [
        *good,
        good[0],
        other("no target", tar_video=None),
        other("gone mask", mask="mask/gone.mp4"),
        other("broken mask here", mask="mask/broken.mp4"),
        other("no score", o_score=None),
        other("score beyond its scale", o_score=10.5),
        other("score is a word", sc_score_2="high"),
        other("a", src_video="src/gone.mp4"),
        other("bc", instruction_final_refine=None),
        "a text",
    ]
    shapes.put(root / "removal.json", json.dumps(records, indent=1) + "\n]")


PER_TASK = Faulty(
    _per_task,
    {
        ("annotations", "duplicate_identical"): 1,
        ("annotations", "missing_field"): 2,
        ("annotations", "not_an_object"): 1,
        ("annotations", "invalid_json"): 1,
        ("assets", "missing_file"): 2,
        ("assets", "unreadable_media"): 1,
        ("overall_scores", "missing_field"): 1,
        ("overall_scores", "score_out_of_range"): 1,
        ("overall_scores", "wrong_type"): 1,
    },
    pairs=8,  # without its mask a pair trains all the same
)


def _keyed(root: Path) -> None:
    shapes.put_keyed(root)
    records = shapes.keyed_records()
    good = records["clip_0"]
    others = [
        ("clip_2", {"instruction": "another record of one key"}),
        ("runs", good | {"masks": [{"size": [64, 96], "counts": [5]}]}),
        ("no_runs", good | {"masks": ["0101"]}),
        ("short", good | {"frame_count": 3}),
        ("before", good | {"first_frame": -1}),
        ("folder_is_gone", good | {"masks": None}),
        ("nothing", None),
        ("number", 5),
        ("no_prompt", good | {"instruction": None}),
        ("list_prompt", good | {"instruction": ["a"]}),
    ]
    for name in ("runs", "no_runs", "short", "before"):
        shapes.put(root / name / "org.mp4", shapes.clip(0))
        shapes.put(root / name / "removed.mp4", shapes.clip(100))
    entries = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in [*records.items(), *others]]
    shapes.put(root / "index.json", "{" + ",\n".join(entries) + "} and more")


KEYED = Faulty(
    _keyed,
    {
        ("annotations", "duplicate_conflicting"): 2,
        ("annotations", "not_an_object"): 2,
        ("annotations", "missing_field"): 1,
        ("annotations", "wrong_type"): 1,
        ("annotations", "invalid_json"): 1,
        # each of the three samples that such a record gives
        ("assets", "unreadable_media"): 9,
        ("assets", "wrong_type"): 3,
        # and both videos of each; the records without a prompt of their own give their two others
        ("assets", "missing_file"): 6 + 2 * 2 * 2,
    },
    pairs=7 + 3 * 4,
)

FAULTY: dict[str, Faulty] = {
    "json_list": JSON_LIST,
    "parquet": PARQUET,
    "semicolons": SEMICOLONS,
    "per_task": PER_TASK,
    "keyed": KEYED,
}
"""By the name of the shape."""
