"""The preflight on literal tables: each reason by itself, several at once, and what can be said of no files at all."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.media import clips, file, media
from tests.made.tables import csv_row

from sparkle_curation.errors import ConservationError
from sparkle_curation.ingest.assets.shards import SHARDS_SCHEMA
from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.loader.preflight import check_pairs, count_missing, count_uninspected, drop_unloadable
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.preflight import PREFLIGHT_COLUMNS, PairOutcome, PairReason

A, B, C = "Sparkle_time_000001", "Sparkle_time_000002", "Sparkle_style_000003"
NAMES = ("id", "theme", "prompt", "src_video", "tgt_video")
SETTINGS = LoaderSettings()


def pairs(*rows: dict[str, Any]) -> pl.DataFrame:
    """Candidates."""
    return pl.DataFrame(
        [[row[name] for name in NAMES] for row in rows], schema=dict.fromkeys(NAMES, pl.String), orient="row"
    )


def reasons(row: dict[str, Any], *files: pl.DataFrame, settings: LoaderSettings = SETTINGS) -> list[str]:
    """The reasons of one pair; the media have both kinds of its theme, so that all of it counts as inspected."""
    found = check_pairs(pairs(row), media(clips("Sparkle_time_999999"), *files), settings)
    return found["reasons"][0].to_list()


SOURCE_FAULTS: dict[str, tuple[dict[str, Any], list[PairReason]]] = {
    "as released": ({}, []),
    "broken": ({"error": "truncated", "error_detail": "ends"}, [PairReason.DOUBTFUL_FILE]),
    "gone": ({"error": "missing"}, [PairReason.MISSING_FILE]),
    "no size": ({"width_px": None}, [PairReason.DOUBTFUL_FILE]),
    "no frame count": ({"frame_count": None}, [PairReason.DOUBTFUL_FILE]),
    "uneven": ({"repeated_frame_count": 1, "sampling_hash": "a"}, [PairReason.UNEVEN_FRAMES]),
    "uneven and short": (
        {"lost_frame_count": 1, "repeated_frame_count": 0, "sampling_hash": "a"},
        [PairReason.FRAMES_RUN_OUT, PairReason.UNEVEN_FRAMES],
    ),
    "uneven without a loss": ({"is_constant_fps": False}, []),
    "evenness not known": ({"is_constant_fps": None}, []),
    "another container": ({"error": "other_container"}, [PairReason.DOUBTFUL_FILE]),
    "without an index": ({"error": "no_index"}, [PairReason.CORRUPT_FILE]),
    "flat": ({"height_px": 31}, [PairReason.SIZE_MISMATCH, PairReason.TOO_FLAT]),
    "tiny": ({"width_px": 31, "height_px": 31}, [PairReason.TOO_SMALL, PairReason.SIZE_MISMATCH]),
    "narrow": ({"width_px": 1248}, [PairReason.SIZE_MISMATCH]),
    "short": ({"frame_count": 80}, [PairReason.FRAME_COUNT_MISMATCH]),
    "image": ({"frame_count": 4}, [PairReason.FRAME_COUNT_MISMATCH, PairReason.READ_AS_IMAGE]),
    "lower": ({"height_px": 704}, [PairReason.UNEQUAL_SIZES]),
    "longer": ({"frame_count": 83}, [PairReason.UNEQUAL_FRAME_COUNTS]),
    "slow": ({"fps": 15.0}, [PairReason.UNEQUAL_FPS]),
    "slow in name alone": ({"fps": 15.999}, []),
    "fps not known": ({"fps": None}, []),
    "copy": ({"index_hash": f"edited_video {A}"}, [PairReason.SOURCE_EQUALS_TARGET]),
    "copy by its index, another by its bytes": (
        {"index_hash": f"edited_video {A}", "content_hash": "a"},
        [PairReason.SOURCE_EQUALS_TARGET],
    ),
    "turned to the same size": ({"rotation_deg": 90}, []),
    "upright": ({"width_px": 720, "height_px": 1280}, [PairReason.SIZE_MISMATCH]),
    "turned by an odd angle": ({"error": "odd_angle"}, [PairReason.DOUBTFUL_FILE]),
}


@pytest.mark.parametrize("name", SOURCE_FAULTS)
def test_what_is_wrong_with_a_source(name: str) -> None:
    """Beside an edited video as released; what is not known is not compared with a pair."""
    facts, expected = SOURCE_FAULTS[name]
    assert reasons(csv_row(A), clips(A, source=facts)) == [reason.value for reason in expected]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"src_video": None}, [PairReason.NO_PATH]),
        ({"src_video": ""}, [PairReason.NO_PATH]),
        ({"tgt_video": "NA"}, [PairReason.NO_PATH]),
        ({"src_video": "/time/source_video/x.mp4"}, [PairReason.OUTSIDE_RELEASE]),
        ({"src_video": "../x.mp4"}, [PairReason.OUTSIDE_RELEASE]),
        ({"src_video": "time/../../x.mp4"}, [PairReason.OUTSIDE_RELEASE]),
        ({"src_video": ".."}, [PairReason.OUTSIDE_RELEASE]),
        ({"src_video": "..x.mp4"}, [PairReason.UNKNOWN_FILE]),
        ({"src_video": "x.txt"}, [PairReason.WRONG_EXTENSION]),
        ({"src_video": f"time/source_video/{B}.mp4"}, [PairReason.MISSING_FILE, PairReason.ANOTHER_SAMPLE]),
        (
            {"src_video": f"time/edited_video/{A}.mp4"},
            [PairReason.SOURCE_EQUALS_TARGET, PairReason.ANOTHER_KIND],
        ),
        ({"src_video": f"time//x/../source_video/{A}.mp4"}, []),
        ({"src_video": f" time/source_video/{A}.mp4"}, [PairReason.UNKNOWN_FILE]),
        ({"src_video": "a.jpg", "tgt_video": "b.jpg"}, [PairReason.UNKNOWN_FILE, PairReason.IMAGE_FILE]),
        ({"prompt": "NaN"}, [PairReason.PROMPT_READ_AS_NAN]),
        ({"prompt": None}, [PairReason.PROMPT_READ_AS_NAN]),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_row(cells: dict[str, Any], expected: list[PairReason]) -> None:
    """Both files are as released; the cells are what the CSV says."""
    assert reasons(csv_row(A) | cells, clips(A)) == [reason.value for reason in expected]


def test_a_pair_that_loads_says_what_is_loaded() -> None:
    """The whole row, of a clip of the release."""
    assert check_pairs(pairs(csv_row(A)), clips(A), SETTINGS).to_dicts() == [
        {
            "id": A,
            "theme": "time",
            "outcome": "loads",
            "reasons": [],
            "source_loaded_frame_count": 81,
            "source_loaded_width_px": 1280,
            "source_loaded_height_px": 704,
            "edited_loaded_frame_count": 81,
            "edited_loaded_width_px": 1280,
            "edited_loaded_height_px": 704,
            "is_dropped": False,
            "detail": None,
        }
    ]


def test_several_reasons_come_with_the_worst_outcome_and_all_details() -> None:
    """Both files at fault, and the row; nothing is loaded of a broken file."""
    files = clips(
        A, source={"error": "truncated", "error_detail": "ends at byte 5"}, edited={"frame_count": 3}
    )
    found = check_pairs(pairs(csv_row(A, prompt="null")), files, SETTINGS).row(0, named=True)
    assert found["reasons"] == ["doubtful_file", "prompt_read_as_nan", "read_as_image"]
    assert (found["outcome"], found["is_dropped"]) == ("refused", True)
    assert found["detail"] == (
        f"doubtful_file: time/source_video/{A}.mp4: truncated, ends at byte 5; "
        "prompt_read_as_nan: the prompt is 'null'; read_as_image: source 81, edited 3 frames"
    )
    assert (found["source_loaded_frame_count"], found["edited_loaded_frame_count"]) == (None, 1)


def test_files_are_copies_by_their_bytes_where_these_are_known() -> None:
    """An equal index is none of equal data; equal frames are a copy all the same."""
    same = {"index_hash": "i"}
    for source, edited, expected in (("a", "b", []), ("a", "a", ["source_equals_target"])):
        files = clips(A, same | {"content_hash": source}, same | {"content_hash": edited})
        assert reasons(csv_row(A), files) == expected
    decoded = {"frames_hash": "f"}
    files = clips(A, decoded | {"content_hash": "a"}, decoded | {"content_hash": "b"})
    assert reasons(csv_row(A), files) == ["source_equals_target"]


def test_a_loose_copy_counts_before_a_tar() -> None:
    """Among several files of one path; among tars the first by name."""
    broken = {"error": "truncated"}
    tarred = [
        file(A, "source_video", container="b.tar", **broken),
        file(A, "source_video", container="a.tar", frame_count=77),
    ]
    edited = file(A, "edited_video")
    assert reasons(csv_row(A), *tarred, edited) == ["frame_count_mismatch"]
    assert reasons(csv_row(A), *tarred, file(A, "source_video"), edited) == []


def test_of_a_part_that_was_not_downloaded_nothing_is_said() -> None:
    """The edited videos of a theme are not there at all, those of the others are: not dropped, and counted."""
    files = media(file(A, "source_video"), clips(C))
    found = check_pairs(pairs(csv_row(A), csv_row(B, prompt="null"), csv_row(C)), files, SETTINGS)
    assert found.select("reasons", "outcome", "is_dropped").rows() == [
        (["not_inspected"], "not_inspected", False),
        (["missing_file", "prompt_read_as_nan", "not_inspected"], "replaced", True),
        ([], "loads", False),
    ]
    assert found["detail"][0] == "not_inspected: no file of time edited_video was inspected"
    assert count_uninspected(found).rows() == [("time", 2)]


def at_hand(kind: str, *are_readable: bool) -> pl.DataFrame:
    """Shards of a kind of a theme, as ``list_shards`` gives them."""
    rows = [("time", kind, part, is_readable) for part, is_readable in enumerate(are_readable)]
    return pl.DataFrame(rows, schema=SHARDS_SCHEMA, orient="row")


def test_a_shard_that_cannot_be_read_is_no_part_that_was_not_downloaded() -> None:
    """Its pairs are dropped by name; of one that was read and not inspected nothing is known."""
    files = media(file(A, "source_video"))
    candidates = pairs(csv_row(A))
    for shards, found in (
        (at_hand("edited_video", False), "missing_file"),
        (at_hand("edited_video", False, False), "missing_file"),
        (at_hand("edited_video", True, False), "not_inspected"),
        (at_hand("source_frame0", False), "not_inspected"),
        (at_hand("edited_video"), "not_inspected"),
        (None, "not_inspected"),
    ):
        checked = check_pairs(candidates, files, SETTINGS, shards=shards)
        assert checked.select("reasons", "is_dropped").rows() == [([found], found == "missing_file")]
    assert count_missing(check_pairs(candidates, files, SETTINGS), candidates, files).rows() == []


def test_pairs_whose_shard_is_absent_are_counted() -> None:
    """By theme and kind: others of the part are there."""
    files = media(clips(A), clips(C), file(B, "source_video"))
    candidates = pairs(*(csv_row(key) for key in (A, B, C, "Sparkle_time_000009")))
    checked = check_pairs(candidates, files, SETTINGS)
    assert count_missing(checked, candidates, files).rows() == [
        ("time", "edited_video", 2),
        ("time", "source_video", 1),
    ]


def test_a_bad_row_that_was_not_inspected_is_listed() -> None:
    """What the CSV alone tells is told, and the outcome is that the rest is not known."""
    candidates = pairs(csv_row(A, prompt="null"))
    found = check_pairs(candidates, media(), SETTINGS)
    assert found["outcome"].to_list() == ["not_inspected"]
    _, dropped, warnings = drop_unloadable(candidates, found)
    assert (dropped.height, warnings["reasons"].to_list()) == (0, ["prompt_read_as_nan not_inspected"])


def test_duplicates_are_found_by_content() -> None:
    """Copies of clips under other names, with the same prompt; across themes, since all may be trained together."""
    same = {"index_hash": "one"}
    others = {"index_hash": "another"}
    files = media(clips(A, same, others), clips(B, same, others), clips(C, same))
    found = check_pairs(pairs(*(csv_row(key, prompt="p") for key in (A, B, C))), files, SETTINGS)
    assert found["reasons"].to_list() == [
        ["duplicate_row", "duplicate_edit"],
        ["duplicate_row", "duplicate_edit"],
        ["duplicate_edit"],
    ]
    assert found["detail"][0] == "duplicate_row: 2 rows; duplicate_edit: 3 rows of this source and prompt"
    assert_frame_equal(
        found,
        check_pairs(pairs(*(csv_row(key, prompt="p") for key in (A, B, C))), files, SETTINGS, most_at_once=0),
    )
    other = check_pairs(pairs(csv_row(A, prompt="p"), csv_row(B, prompt="q")), files, SETTINGS)
    assert other["reasons"].to_list() == [[], []]


def test_rows_without_paths_are_no_duplicates() -> None:
    """Nothing is known of what they train on."""
    rows = [csv_row(key, prompt="p") | {"src_video": None, "tgt_video": None} for key in (A, B)]
    found = check_pairs(pairs(*rows), media(), SETTINGS)
    assert found["reasons"].to_list() == [["no_path"], ["no_path"]]


def test_kept_pairs_are_not_dropped() -> None:
    """With the other policy the outcome stays and nothing is left out."""
    candidates = pairs(csv_row(A), csv_row(B))
    files = clips(A, source={"error": "empty"})
    for policy, stay in (("drop", [B]), ("keep", [A, B])):
        found = check_pairs(candidates, media(files, clips(B)), SETTINGS, policy)  # type: ignore[arg-type]
        assert found["outcome"].to_list() == ["replaced", "loads"]
        exported, dropped, warnings = drop_unloadable(candidates, found)
        assert exported["id"].to_list() == stay
        assert dropped["id"].to_list() == [key for key in (A, B) if key not in stay]
        assert warnings.is_empty()


def test_no_pairs_give_an_empty_preflight() -> None:
    """With the columns that a full one has, in any case."""
    for files in (media(), clips(A)):
        found = check_pairs(pairs(), files, SETTINGS)
        assert (
            found.schema == pl.DataFrame(pl.from_arrow(arrow_schema(PREFLIGHT_COLUMNS).empty_table())).schema
        )
        assert [each.height for each in drop_unloadable(pairs(), found)] == [0, 0, 0]


def test_a_null_row_stands_for_itself() -> None:
    """Nothing but an id: it has no paths, so it never trains."""
    row = dict.fromkeys(NAMES) | {"id": A}
    assert check_pairs(pairs(row), clips(A), SETTINGS)["reasons"].to_list() == [
        ["no_path", "prompt_read_as_nan"]
    ]


def test_an_id_twice_stops_the_run() -> None:
    """It would be dropped or kept twice."""
    with pytest.raises(ConservationError, match="one row per pair"):
        check_pairs(pairs(csv_row(A), csv_row(A)), clips(A), SETTINGS)


def test_a_preflight_of_other_pairs_stops_the_run() -> None:
    """What is dropped must be among the candidates."""
    found = check_pairs(pairs(csv_row(A)), clips(A, source={"error": "empty"}), SETTINGS)
    with pytest.raises(ConservationError, match="lost in the preflight"):
        drop_unloadable(pairs(csv_row(B)), found)


# ------------------------------------------------------------------ properties
facts = st.fixed_dictionaries(
    {},
    optional={
        "width_px": st.sampled_from([None, 16, 1248, 1280, 1920]),
        "height_px": st.sampled_from([None, 704, 720, 1080]),
        "frame_count": st.sampled_from([None, 0, 3, 77, 80, 81, 83]),
        "fps": st.sampled_from([None, 16.0, 24.0]),
        "lost_frame_count": st.sampled_from([None, 0, 5]),
        "sampling_hash": st.sampled_from([None, "a", "b"]),
        "rotation_deg": st.sampled_from([None, 0, 90]),
        "index_hash": st.sampled_from([None, "a", "b"]),
        "error": st.sampled_from([None, None, None, "truncated", "missing"]),
        "container": st.sampled_from([None, "a.tar"]),
    },
)
cells = st.sampled_from(
    [None, "", "NA", "x.jpg", "x.txt", "/x.mp4", "../x.mp4", f"time/source_video/{A}.mp4"]
)


@st.composite
def releases(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Candidates and media that do not always fit together."""
    rows, files = [], []
    for key in draw(st.lists(st.sampled_from([A, B, C]), unique=True)):
        odd = draw(st.dictionaries(st.sampled_from(["src_video", "tgt_video", "prompt"]), cells, max_size=2))
        rows.append(csv_row(key, prompt=draw(st.sampled_from(["p", "q", "null"]))) | odd)
        kinds = draw(st.lists(st.sampled_from(["source_video", "edited_video"]), max_size=3))
        files += [file(key, kind, **draw(facts)) for kind in kinds]
    return pairs(*rows), media(*files)


@settings(max_examples=40)
@given(releases())
def test_the_outcome_is_the_worst_of_the_reasons(release: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """One row per pair; reasons in their order; a pair that loads has none, and has files that agree."""
    candidates, files = release
    found = check_pairs(candidates, files, SETTINGS)
    assert found["id"].to_list() == candidates["id"].to_list()
    order = [reason.value for reason in PairReason]
    for row in found.to_dicts():
        assert row["reasons"] == sorted(row["reasons"], key=order.index)
        outcomes = [PairReason(code).outcome for code in row["reasons"]]
        assert row["outcome"] == max(outcomes, key=list(PairOutcome).index, default=PairOutcome.LOADS)
        assert row["is_dropped"] == (row["outcome"] in {"refused", "replaced"})
        assert (row["detail"] or "").count(": ") >= len(row["reasons"])
        if row["outcome"] in {"loads", "accepted_bad"}:
            source, edited = (
                [row[f"{side}_loaded_{name}"] for name in ("frame_count", "width_px", "height_px")]
                for side in ("source", "edited")
            )
            assert source == edited
            assert all(source)


@settings(max_examples=40)
@given(releases(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(
    release: tuple[pl.DataFrame, pl.DataFrame], random: Any
) -> None:
    """Neither of the pairs nor of the files, as long as no path has several of one container."""
    candidates, files = release
    files = files.unique(["path", "container"], maintain_order=True)
    shuffled = pairs(*random.sample(candidates.to_dicts(), candidates.height))
    turned = files[random.sample(range(files.height), files.height)]
    found, again = check_pairs(candidates, files, SETTINGS), check_pairs(shuffled, turned, SETTINGS)
    assert_frame_equal(found.sort("id"), again.sort("id"))


@settings(max_examples=40)
@given(releases())
def test_many_pairs_are_found_as_few_are(release: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """Theme by theme the preflight is the same: pairs that may share their source are looked at together."""
    found = check_pairs(*release, SETTINGS)
    assert_frame_equal(check_pairs(*release, SETTINGS, most_at_once=0), found)


@settings(max_examples=40)
@given(releases())
def test_frames_that_are_given_are_not_changed(release: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """Kept and dropped are all of them, and lazy frames give the same."""
    candidates, files = release
    before = candidates.clone(), files.clone()
    found = check_pairs(candidates.lazy(), files.lazy(), SETTINGS)
    stay, dropped, _ = drop_unloadable(candidates.lazy(), found.lazy())
    assert sorted([*stay["id"], *dropped["id"]]) == sorted(candidates["id"])
    assert_frame_equal(before[0], candidates)
    assert_frame_equal(before[1], files)
