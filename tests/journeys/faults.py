"""The faults that a run meets in files, machines, commands and servers: how each is made, and what is said of it."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
from tests.bench.judging.made import BENCHMARK, MODELS
from tests.conftest import CHECKOUT
from tests.ingest.local_servers import FailingHandler, serving
from tests.journeys import spoilt_releases as spoilt
from tests.journeys.fault_runs import (
    Fault,
    Journey,
    Left,
    Scene,
    Seen,
    logged,
    printed,
    quarantined,
    the_error,
)
from tests.made.formats import make_newer
from tests.made.new_samples import write_new_samples
from tests.models.loopback import NAME, Behaviour, serve

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.media.masks.masks import load_mask
from synthetic.encode import mask_npz_bytes

Make = Callable[[Scene], None]
HIDDEN = "hidden-word"
DOWN = {
    "bench_evaluate.judge.backend": "server",
    "bench_evaluate.judge.url": "http://127.0.0.1:9/v1",
    "bench_evaluate.judge.name": "gone",
    "bench_evaluate.is_free": True,
}
"""A server at which nobody listens."""


# ------------------------------------------------------------------ what is left
def _nothing(seen: Seen) -> None:
    assert not os.path.lexists(seen.scene.data) or seen.scene.data.is_symlink()


def _untouched(seen: Seen) -> None:
    after = seen.scene.contents()
    assert seen.before
    assert sorted(path for path in {*after, *seen.before} if after.get(path) != seen.before.get(path)) == []


def _kept(seen: Seen) -> None:
    folders = ("03_primary/", "05_model_input/")
    before = {path: content for path, content in seen.before.items() if path.startswith(folders)}
    after = seen.scene.contents()
    assert any(path.startswith("05_model_input/") for path in before)
    assert [path for path, content in before.items() if after.get(path) != content] == []


def _no_variant(seen: Seen) -> None:
    left = sorted(path.relative_to(seen.scene.data).as_posix() for path in seen.scene.data.rglob("*"))
    assert [path for path in left if path.startswith(("03", "05", "08")) or ".tmp" in path] == []


def _lacks_samples(seen: Seen) -> None:
    names = (f"benchmark/bench_{name}" for name in ("samples", "quarantine"))
    samples, quarantine = (
        pl.read_parquet(seen.scene.project.output("02_intermediate", f"{name}.parquet")) for name in names
    )
    assert 18 <= samples.height < 24
    assert quarantine.filter(~pl.col("is_row_kept")).height


def _kept_tables(seen: Seen) -> None:
    before = {path: content for path, content in seen.before.items() if path.startswith("02_intermediate/")}
    after = seen.scene.contents()
    assert any("bench_outputs" in path for path in before)
    assert [path for path, content in before.items() if after.get(path) != content] == []
    assert not [path for path in after if path.startswith("07_model_output/")]


NOTHING = Left("nothing is made", _nothing)
UNTOUCHED = Left("every file as it was", _untouched)
KEPT = Left("variant and verdicts as they were", _kept)
NO_VARIANT = Left("the tables that were made before, each whole; no variant", _no_variant)


# ------------------------------------------------------------------ files
def as_it_is(scene: Scene) -> None:
    """Nothing is wrong with the files."""


def rooted(name: str) -> Make:
    """The release root is another folder than the release, beside it or in it; made if it is not there."""

    def make(scene: Scene) -> None:
        root = (scene.release / name).resolve()
        root.mkdir(exist_ok=True)
        scene.root = str(root)

    return make


def given(**params: object) -> Make:
    """Parameters of the command."""
    return lambda scene: scene.params.update(params)


def both(*makes: Make) -> Make:
    """One after the other."""

    def make(scene: Scene) -> None:
        for each in makes:
            each(scene)

    return make


def rewritten(path: str, change: Callable[[bytes], bytes]) -> Make:
    """A file of the release with another content."""
    return lambda scene: scene.file(path).write_bytes(change(scene.file(path).read_bytes())) and None


def without(part: str) -> Make:
    """No file of the release whose path has this part."""

    def make(scene: Scene) -> None:
        for path in sorted(scene.release.rglob("*")):
            if path.is_file() and part in str(path.relative_to(scene.release)):
                path.unlink()

    return make


def hub_cache(scene: Scene) -> None:
    """The release as the hub's cache holds it, and the cache's folder of the repository as its root."""
    cache = scene.folder / "hub" / "datasets--a--b"
    (cache / "blobs").mkdir(parents=True)
    for number, path in enumerate(sorted(path for path in scene.release.rglob("*") if path.is_file())):
        link = cache / "snapshots" / "abc" / path.relative_to(scene.release)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.rename(cache / "blobs" / str(number)))
    scene.root = str(cache)


def no_pair(scene: Scene) -> None:
    """A threshold that no sample passes, where the variant is gone, as DVC removes it before a run."""
    shutil.rmtree(scene.project.output("05_model_input"))
    scene.params["threshold"] = 10


def _no_rows(seen: Seen) -> None:
    assert seen.scene.table("annotations").is_empty()
    _kept(seen)


# ------------------------------------------------------------------ the machine
NO_OVERRIDE = """
import ctypes
for capability in (1, 2) if os.geteuid() == 0 else ():
    # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, which let root read and write everything: PR_CAPBSET_DROP
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
"""
SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))
"""


def confined(code: str) -> list[str]:
    """A program that takes something from itself, and then becomes the command that follows."""
    return [sys.executable, "-c", f"import os, sys\n{code}\nos.execv(sys.argv[1], sys.argv[1:])"]


def read_only(scene: Scene) -> None:
    """A data root in a folder that nobody may write to."""
    scene.limits = confined(NO_OVERRIDE)
    folder = scene.folder / "read_only"
    folder.mkdir()
    folder.chmod(0o500)
    scene.data = folder / "data"


def unreadable(scene: Scene) -> None:
    """A file of the release that nobody may read."""
    scene.limits = confined(NO_OVERRIDE)
    scene.file(spoilt.SCORES).chmod(0)


def full(scene: Scene) -> None:
    """No file may be longer than 6,000 bytes, which stands for a full disk."""
    scene.limits = confined(SMALL_FILES)


def looped(scene: Scene) -> None:
    """A data root that is a link to itself."""
    scene.data.symlink_to(scene.data)


# ------------------------------------------------------------------ other runs, other times
def locked(scene: Scene) -> None:
    """Another run, of this process, writes what the run wants to write."""
    other = RunLocks(scene.data / ".locks", "kedro run --pipelines curate")
    other.take([Claim("ingest", is_writing=True)])
    scene.stack.callback(other.release)


def newer(scene: Scene) -> None:
    """A table that a later version of this project wrote."""
    make_newer(scene.project.output("02_intermediate", "media.parquet", "time.parquet"))


def changed_score(scene: Scene) -> None:
    """One score is another, size and time of its file are as before; the manifest has seen the content since."""
    scene.project.run_here("ingest")
    path = scene.file(spoilt.SCORES)
    times, content = path.stat(), path.read_bytes()
    scores = scene.table("edited_frame0_scores").filter(theme="time")["overall"].to_list()
    number = str(scores[0]).encode()
    assert content.count(number) == 1
    path.write_bytes(content.replace(number, number[:-1] + (b"1" if number[-1:] != b"1" else b"2")))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size
    scene.values["scores"] = scores
    scene.project.run_here("manifest")


def new_scores(seen: Seen) -> str:
    """How many scores of the table are others than before."""
    rows = seen.scene.table("edited_frame0_scores").filter(theme="time")["overall"].to_list()
    changed = sum(one != other for one, other in zip(seen.scene.values["scores"], rows, strict=True))
    return f"{changed} score of the table is another"


def other_environment(scene: Scene) -> None:
    """A dataset described in conf/other, which sets no data root."""
    conf = shutil.copytree(CHECKOUT / "conf", scene.folder / "conf")
    (conf / "other").mkdir()
    shutil.copy(conf / "base" / "dataset.yml", conf / "other")
    scene.arguments = ["--env", "other", "--conf-source", str(conf)]
    scene.has_data_root = False


# ------------------------------------------------------------------ servers
def served(*faults: int, path: str = "") -> Make:
    """A release of CSVs behind http, with a user and password; its server gives these faults before it behaves."""

    def make(scene: Scene) -> None:
        shutil.copytree(scene.file("prompts"), scene.folder / "served" / "prompts")
        handler = type("Handler", (FailingHandler,), {"faults": list(faults)})
        url = scene.stack.enter_context(serving(scene.folder / "served", handler))
        scene.root = f"{url.replace('://', f'://me:{HIDDEN}@')}/{path}"
        scene.hidden = [HIDDEN]

    return make


def _has_rows(seen: Seen) -> None:
    assert seen.scene.table("annotations").height


def say(reasoning: str) -> str:
    """An answer of a judge, in ASCII: what is half a surrogate pair is spelled out."""
    return json.dumps({"reasoning": reasoning, "score": [20, 21]})


def envelope(content: object) -> tuple[int, str, dict[str, str]]:
    """What a server sends with this content."""
    return 200, json.dumps({"choices": [{"message": {"content": content}}]}), {}


REFUSAL = (400, '{"error": "too long"}', {})


def judged(*answers: tuple[int, str, dict[str, str]], **params: object) -> Make:
    """A server of a model that sends these answers, one a question, before it answers well; three samples are asked."""

    def make(scene: Scene) -> None:
        url = scene.stack.enter_context(serve(None, Behaviour(answers=list(answers), text=say("Fine"))))
        model = {"backend": "server", "name": NAME, "url": url, "concurrency": 1}
        asked = {"stages": "edited_frame0", "limit": 3, "passes": 1, "batch_size": 1}
        scene.params |= {f"score.model.{name}": value for name, value in model.items()}
        scene.params |= {f"score.{name}": value for name, value in asked.items()} | params
        scene.arguments = ["--env", "test"]

    return make


def rescored(place: int, *columns: pl.Expr) -> Callable[[Seen], str]:
    """What the table has of one of the samples that were asked for."""

    def read(seen: Seen) -> str:
        table = seen.scene.project.output("07_model_output", "rescored_edited_frame0_scores.parquet")
        rows = pl.read_parquet(table).filter(pl.col("fault").ne_missing("not_asked"))
        row = rows.select(columns).row(place, named=True)
        return ", ".join(f"`{name}`: {'none' if value is None else value}" for name, value in row.items())

    return read


def reasoning(criterion: str) -> pl.Expr:
    """What a judge said of its score."""
    return pl.col("editscore").struct.field(f"{criterion}_reasoning")


def inspected(place: int) -> Callable[[Seen], str]:
    """What `media` has of a spoilt video."""

    def read(seen: Seen) -> str:
        rows = seen.scene.table("media").filter(path=spoilt.inspected(place))
        return "`{}`: {}".format(*rows.select("error", "error_detail").row(0))

    return read


# ------------------------------------------------------------------ benchmarks
def benched(*pipelines: str, cut: str = "", **params: object) -> Make:
    """A copy of the made benchmark, of which the half of a file is cut off; after some pipelines."""

    def make(scene: Scene) -> None:
        root = Path(shutil.copytree(BENCHMARK, scene.folder / "bench"))
        if cut:
            content = (root / cut).read_bytes()
            (root / cut).write_bytes(content[: len(content) // 2])
        scene.params |= {"bench_root": str(root), "bench_models.good": str(MODELS / "good")}
        for pipeline in pipelines:
            scene.project.run_here(pipeline)
        scene.params |= params

    return make


def unmodelled(scene: Scene) -> None:
    """A benchmark, and no model on it."""
    benched("bench_ingest")(scene)
    del scene.params["bench_models.good"]


# ------------------------------------------------------------------ cameras, masks, control videos
CUT, UNFIT = (f"Sparkle_time_{number:06d}" for number in (0, 2))
"""Samples with files of their own, of which the one's clip is cut and the other's mask is of another length."""


def no_grounding(scene: Scene) -> None:
    """Boxes of `ground` are asked for, which has never run; the folder of the tracker's weights is not opened before."""
    weights = scene.folder / "weights"
    weights.mkdir()
    (weights / "config.json").write_text("{}")
    scene.params |= {"track.boxes_from": "regrounded", "track.model.name": str(weights)}


def own_clips(*, is_there: bool) -> Make:
    """A folder of one's own clips that holds none, or is not there."""

    def make(scene: Scene) -> None:
        folder = scene.folder / "clips"
        if is_there:
            folder.mkdir()
            (folder / "notes.txt").write_text("no clip")
        scene.params["camera.clips"] = str(folder)

    return make


def drafted(**params: object) -> Make:
    """A draft of new samples with instructions, ingested and inspected, in the place of the release."""

    def make(scene: Scene) -> None:
        scene.root = str(write_new_samples(scene.data))
        scene.params |= {"inspect.processes": 1, "compared_root": str(scene.folder / "none")}
        scene.project.run_here("ingest,inspect")
        scene.params |= params

    return make


def spoilt_clips(scene: Scene) -> None:
    """Half of a source clip, and a mask of half the frames, as inspected."""
    clip = scene.file(f"time/source_video/{CUT}.mp4")
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    path = scene.file(f"intermediate_data/time/source_video_mask/{UNFIT}.npz")
    with path.open("rb") as file:
        mask = load_mask(file)
    path.write_bytes(mask_npz_bytes(mask[: len(mask) // 2]))
    scene.project.run_here("ingest,inspect")


def _lacks_two(seen: Seen) -> None:
    edges, camera = seen.scene.table("edges"), seen.scene.table("camera")
    lacking = edges.filter(pl.col("error").is_not_null())
    assert lacking.select("id", "error").rows() == [(CUT, "no_index"), (UNFIT, "mask_shape")]
    assert len(list(seen.scene.data.glob("made_media/**/*.mp4"))) == edges.height - 2 == 88
    assert camera.filter(id=CUT).select("outcome", "reason").rows() == [("cannot_tell", "no_index")]
    assert camera.height == 90


def clipless(scene: Scene) -> None:
    """A folder for clips in which there is a text alone."""
    folder = scene.folder / "clips"
    folder.mkdir()
    (folder / "notes.txt").write_text("to be filmed", encoding="utf-8")
    scene.params |= {"clips.folder": str(folder), "compared_root": str(scene.folder / "none")}


FILE_STARTS = "ingest/file_starts.py"
AT_HAND = "ingest/sources_at_hand.py"
DECODER = "ingest/jsonl/line_decoder.py"
LISTING = "ingest/assets/listing.py"

SPOILT = [
    Fault("a JSONL that is one JSON list", "jq -c", "ingest/jsonl/table.py", logged(f"{spoilt.WHOLE} has")),
    Fault("a `.jsonl.gz` in place of a JSONL", "gunzip", AT_HAND, logged(f"{spoilt.PACKED} is absent")),
    Fault("a line of 20,000 nested lists", "20001 deep", DECODER, quarantined(spoilt.SCORES, 2)),
    Fault("a line of 400,001 values", "more than 250000 values", DECODER, quarantined(spoilt.SCORES, 3)),
    Fault(
        "a line with 100,000 members that the card does not name",
        "kept in extra_fields",
        "ingest/jsonl/table.py",
        quarantined(spoilt.SCORES, 4),
    ),
    Fault("a line with half a surrogate pair", "surrogate", DECODER, quarantined(spoilt.SCORES, 5)),
    Fault("a line with a byte that is not UTF-8", "0xff", DECODER, quarantined(spoilt.SCORES, 6)),
    Fault("a line that is cut off", "invalid_json", DECODER, quarantined(spoilt.SCORES, 7)),
    Fault(
        "a quoted cell of a CSV without its end",
        "invalid_csv",
        "ingest/csv/csv_records.py",
        quarantined(spoilt.CSV, 3),
    ),
    Fault(
        "a shard that is a pointer of Git LFS",
        "git lfs pull",
        "ingest/assets/table.py",
        logged(f"{spoilt.POINTER_SHARD} is there"),
    ),
    Fault(
        "a shard that is packed with gzip",
        "gunzip",
        "ingest/assets/table.py",
        logged(f"{spoilt.PACKED_SHARD} is there"),
    ),
    Fault(
        "a shard whose members lie in another folder",
        "allowed in this shard",
        "ingest/assets/table.py",
        logged(f"{spoilt.PREFIXED_SHARD} is there"),
    ),
    Fault(
        "shards that are absent: part 0 of two, and parts 0 and 1 before part 2",
        f"{spoilt.ABSENT_SHARD}; style_source_video_part00.tar to style_source_video_part01.tar",
        "pipelines/ingest/nodes.py",
        logged("shards absent between others"),
    ),
    Fault(
        "the pairs of a shard that is absent",
        "absent before others: part 0",
        "ingest/assets/shards.py",
        logged("preflight: 8 pairs of location"),
    ),
    Fault(
        "the pairs of a shard that cannot be read",
        "that cannot be read: part 0",
        "ingest/assets/shards.py",
        logged("preflight: 12 pairs of season"),
    ),
    Fault("a video that is a pointer of Git LFS", "git lfs pull", FILE_STARTS, inspected(0)),
    Fault("a video that is an HTML page", "an HTML page", FILE_STARTS, inspected(1)),
    Fault(
        "a link out of the release",
        "leads out of the release",
        "ingest/links.py",
        logged(f"{spoilt.inspected(2)} leads", times=2),
    ),
    Fault(
        "a link to itself in the release",
        "is a loop of links",
        "ingest/links.py",
        quarantined(spoilt.VIDEOS, sample="Sparkle_location_000014"),
    ),
    Fault("a tar whose name is not UTF-8", "unexpected_path", LISTING, quarantined("caf�{dce9}.tar")),
]

JUDGED = [
    Fault(
        "a server that is busy before it answers (503)",
        "`overall`: 8.0, `fault`: none",
        "models/servers/chat_model.py",
        rescored(0, pl.col("overall"), pl.col("fault")),
    ),
    Fault(
        "an answer with half a surrogate pair",
        "bad �{d83d}",
        "engine/io/storable_text.py",
        rescored(0, reasoning("SC")),
    ),
    Fault(
        "an answer in parts, as a list",
        "Fine",
        "models/servers/chat_replies.py",
        rescored(0, reasoning("PQ")),
    ),
    Fault(
        "a question that the server refuses (400)",
        "refused 1 questions",
        "model_jobs/asking.py",
        logged("scores: the model's server refused"),
    ),
    Fault(
        "an answer without content",
        "`fault`: no_reply",
        "models/servers/chat_replies.py",
        rescored(2, pl.col("fault"), pl.col("raw_texts").list.first()),
    ),
]

JOURNEYS: dict[str, list[Journey]] = {
    "A wrong release": [
        Journey(
            "a path at which nothing is",
            lambda scene: setattr(scene, "root", str(scene.folder / "nowhere")),
            "not a folder",
            "ingest/release_files.py",
            NOTHING,
            is_later=False,
        ),
        Journey("an empty folder", rooted("../empty"), "an empty folder", AT_HAND, UNTOUCHED),
        Journey("the folder above the release", rooted(".."), "seems to be in RELEASE", AT_HAND, UNTOUCHED),
        Journey("the root of the hub's cache", hub_cache, "snapshots/abc", AT_HAND, UNTOUCHED),
        Journey("a folder in the release", rooted("prompts"), "seems to be in RELEASE", AT_HAND, UNTOUCHED),
        Journey(
            "a copy without `prompts/`", without("prompts/"), "nothing of annotations", AT_HAND, UNTOUCHED
        ),
        Journey("a copy without a theme", without("style"), "annotations of style", AT_HAND, UNTOUCHED),
        Journey(
            "thresholds that no sample passes, where DVC has removed the variant",
            no_pair,
            "at threshold 10, 0 pass",
            "variant/empty_variant.py",
            UNTOUCHED,
            pipelines="filter",
            shown_params="threshold=10",
        ),
        Journey(
            "a licence that no video has",
            given(licence_allow=["unknown"]),
            "(licence",
            "variant/empty_variant.py",
            UNTOUCHED,
            pipelines="filter",
            shown_params="licence_allow=[unknown]",
        ),
        Journey(
            "an empty folder, which may be",
            both(rooted("../empty"), given(allow_empty=True)),
            "the folder holds no file",
            "pipelines/ingest/nodes.py",
            Left("empty tables; variant and verdicts as they were", _no_rows),
            pipelines="ingest",
            exit_code=0,
            shown_params="allow_empty=true",
            read=logged("absent from the release"),
        ),
    ],
    "Files that are something else, and stop": [
        Journey(
            "a CSV that is a pointer of Git LFS",
            rewritten("prompts/style_train.csv", lambda _: spoilt.POINTER),
            "a pointer of Git LFS",
            FILE_STARTS,
            KEPT,
        ),
        Journey(
            "a CSV in UTF-16",
            rewritten("prompts/style_train.csv", lambda content: content.decode().encode("utf-16")),
            "a text in UTF-16",
            FILE_STARTS,
            NO_VARIANT,
            is_later=False,
        ),
        Journey(
            "a JSONL packed with gzip, under its own name",
            rewritten(spoilt.SCORES, gzip.compress),
            "a file packed with gzip",
            FILE_STARTS,
            KEPT,
        ),
    ],
    "Files, lines and links that are told, and cost themselves alone": [
        Journey(
            SPOILT,
            spoilt.spoil,
            left=Left("all other rows, and a variant without those pairs", spoilt.check),
            pipelines="ingest,inspect,filter",
            exit_code=0,
            is_later=False,
        )
    ],
    "The machine": [
        Journey(
            "a data root in a folder that cannot be written to",
            read_only,
            "chmod",
            "telling.py",
            NOTHING,
            pipelines="ingest",
            is_later=False,
        ),
        Journey(
            "a file of the release that cannot be read",
            unreadable,
            "chmod",
            "telling.py",
            KEPT,
            pipelines="ingest",
        ),
        Journey(
            "a full disk",
            full,
            "The disk is full",
            "telling.py",
            NO_VARIANT,
            pipelines="ingest",
            is_later=False,
        ),
        Journey(
            "a data root that is a link to itself",
            looped,
            "links lead in a circle",
            "telling.py",
            NOTHING,
            pipelines="ingest",
            is_later=False,
        ),
    ],
    "The command": [
        Journey(
            "a misspelt parameter",
            given(treshold=8),
            "did you mean 'threshold'?",
            "parameters.py",
            NOTHING,
            is_later=False,
            shown_params="treshold=8",
        ),
        Journey(
            "a comma in a number",
            lambda scene: setattr(scene, "more_params", "threshold=8,5"),
            "holds a comma, which parts one parameter from the next",
            "cli.py",
            NOTHING,
            is_later=False,
            shown_params="threshold=8,5",
        ),
        Journey(
            "a tag of YAML",
            given(threshold='!!python/object/apply:os.mkdir ["made"]'),
            "python/object/apply",
            "telling.py",
            NOTHING,
            is_later=False,
            shown_params="'threshold=!!python/object/apply:os.mkdir [\"made\"]'",
        ),
        Journey(
            "the name of a parameter that is not set",
            given(threshold="${nope}"),
            "'nope' not found",
            "telling.py",
            NOTHING,
            is_later=False,
            shown_params="'threshold=${nope}'",
        ),
        Journey(
            "a URL as data root, with a password",
            both(given(data_root=f"s3://me:{HIDDEN}@bucket/data"), lambda scene: scene.hidden.append(HIDDEN)),
            "s3://***@bucket/data",
            "parameters.py",
            NOTHING,
            is_later=False,
            shown_params="data_root=s3://me:PASSWORD@bucket/data",
        ),
        Journey(
            "another dataset without a data root of its own",
            other_environment,
            "write `data_root:",
            "hooks/before_run.py",
            NOTHING,
            is_later=False,
        ),
        Journey(
            "`filter` before `ingest`",
            as_it_is,
            "make it first: kedro run --pipelines ingest",
            "engine/io/parquet.py",
            NOTHING,
            pipelines="filter",
            is_later=False,
        ),
    ],
    "A release behind a URL": [
        Journey(
            "a URL whose package is not installed",
            lambda scene: setattr(scene, "root", "s3://bucket/Sparkle"),
            "Install s3fs",
            "telling.py",
            NOTHING,
            is_later=False,
            lacks="s3fs",
        ),
        Journey(
            "a path that the server does not have (404)",
            served(path="nowhere/"),
            "http://***@HOST/nowhere/",
            "ingest/release_files.py",
            NOTHING,
            is_later=False,
        ),
        Journey(
            "an address with a token in its query",
            served(path=f"?token={HIDDEN}"),
            "leave out the question mark",
            "ingest/release_files.py",
            NOTHING,
            is_later=False,
        ),
        Journey(
            "a server that is busy once (503)",
            served(0, 503),
            "503, message='Service Unavailable'",
            "engine/io/patience.py",
            Left("all tables", _has_rows),
            pipelines="ingest",
            exit_code=0,
            is_later=False,
            read=logged("a server is asked again", "INFO"),
        ),
        Journey(
            "a server that stays busy (503)",
            served(*[503] * 99),
            "503, message='Service Unavailable'",
            "engine/io/server_faults.py",
            NOTHING,
            is_later=False,
        ),
    ],
    "A model behind a server": [
        Journey(
            JUDGED,
            judged(
                (503, "busy", {}),
                envelope(say("bad \ud83d")),
                envelope([{"type": "text", "text": say("Fine")}]),
                REFUSAL,
                envelope(say("Fine")),
                envelope(None),
            ),
            left=Left("tables of scores, in which a sample without an answer has its fault and no score", _kept),
            pipelines="score",
            exit_code=0,
        ),
        Journey(
            "a question that the server refuses, in a dry run",
            judged(REFUSAL, dry_run=True),
            "refused 1 questions",
            "engine/dry_run.py",
            KEPT,
            pipelines="score",
            exit_code=0,
            shown_params="dry_run=true",
            read=printed("refused"),
        ),
    ],
    "Other runs, other times": [
        Journey(
            "another run that writes the same tables",
            locked,
            "kedro run --pipelines curate on MACHINE, process NUMBER, since TIME",
            "engine/io/locks.py",
            KEPT,
            pipelines="ingest",
        ),
        Journey(
            "a table of a later version of this project",
            newer,
            "newer version",
            "engine/io/format_version.py",
            UNTOUCHED,
            pipelines="filter",
        ),
        Journey(
            "another score in a file of the same size and time, and a `manifest` since",
            changed_score,
            "1 score of the table is another",
            "ingest/release_files.py",
            Left("the table with that score, variant and verdicts as they were", _kept),
            pipelines="ingest",
            exit_code=0,
            read=new_scores,
        ),
    ],
    "Cameras, masks and control videos": [
        Journey(
            [
                Fault(
                    "a source clip of which the half is cut off",
                    "cannot tell: no_index",
                    "pipelines/camera/nodes.py",
                    logged("camera: 1 clips are cannot tell: no_index"),
                ),
                Fault(
                    "a source clip of which the half is cut off, for a control video",
                    "no_index",
                    "pipelines/edges/nodes.py",
                    logged("edges: 1 samples have no control video: no_index"),
                ),
                Fault(
                    "a mask of half the frames of its clip",
                    "mask_shape",
                    "pipelines/edges/nodes.py",
                    logged("edges: 1 samples have no control video: mask_shape"),
                ),
            ],
            spoilt_clips,
            left=Left("a row of each sample with what is known; control videos of all others", _lacks_two),
            pipelines="camera,edges",
            exit_code=0,
        ),
        Journey(
            "a folder of clips that is not there",
            own_clips(is_there=False),
            "A folder of clips is not there",
            "media/camera/clips.py",
            UNTOUCHED,
            pipelines="camera_clips",
            shown_params="camera.clips=/path/to/clips",
        ),
        Journey(
            "a folder of clips without a clip",
            own_clips(is_there=True),
            "A folder of clips holds none",
            "media/camera/clips.py",
            UNTOUCHED,
            pipelines="camera_clips",
            shown_params="camera.clips=/path/to/clips",
        ),
        Journey(
            "boxes of `ground` for tracking, which has never run",
            no_grounding,
            "There are no boxes of this project's own grounding",
            "pipelines/track/nodes.py",
            UNTOUCHED,
            pipelines="track",
            shown_params="track.boxes_from=regrounded",
        ),
        Journey(
            "thresholds of Canny of which the low one is the higher",
            given(**{"edges.low": 300}),
            "a number from 0 to 2000",
            "parameters.py",
            UNTOUCHED,
            pipelines="edges",
            shown_params="edges.low=300",
            read=lambda seen: f"{the_error(seen)} *allowed:* {seen.error['allowed']}",
        ),
    ],
    "A benchmark": [
        Journey(
            "a folder that is no benchmark",
            lambda scene: scene.params.update(bench_root=str(scene.release)),
            "There is no file of Sparkle-Bench",
            "bench/samples/reading.py",
            NOTHING,
            pipelines="bench_ingest",
            is_later=False,
        ),
        Journey(
            "a CSV of which the half is cut off",
            benched(cut="location_bench.csv"),
            "samples: 20, and 24 are expected",
            "pipelines/bench_ingest/nodes.py",
            Left("tables of the other samples, and what was cut off in `bench_quarantine`", _lacks_samples),
            pipelines="bench_ingest",
            exit_code=0,
            is_later=False,
            read=logged("made Sparkle-Bench: samples"),
        ),
        Journey(
            "no model to look at",
            unmodelled,
            "No model is named",
            "pipelines/bench_outputs/nodes.py",
            UNTOUCHED,
            pipelines="bench_outputs",
            is_later=False,
        ),
        Journey(
            "a judge whose server is down",
            benched("bench_ingest", "bench_outputs", **DOWN),
            "cannot be reached",
            "models/servers/chat_model.py",
            Left("the tables of samples and outputs as they were", _kept_tables),
            pipelines="bench_evaluate",
            is_later=False,
        ),
        Journey(
            "a report before anything was judged",
            benched("bench_ingest"),
            "Nothing was judged",
            "bench/results/panel.py",
            UNTOUCHED,
            pipelines="bench_report",
            is_later=False,
        ),
    ],
    "New samples": [
        Journey(
            "a folder for new samples that holds no clip",
            clipless,
            "A folder of clips holds none",
            "new_samples/clips/clip_folder.py",
            NOTHING,
            pipelines="clips",
            is_later=False,
        ),
        Journey(
            "a folder of weights that is not there",
            drafted(**{"edit_frame0.model.name": "./nowhere"}),
            "no such folder",
            "models/weights.py",
            UNTOUCHED,
            pipelines="edit_frame0",
            is_later=False,
        ),
        Journey(
            "outputs of another generator that are not there",
            drafted(**{"edit_frame0.model.backend": "import", "edit_frame0.model.name": "./nowhere"}),
            "There is no folder with outputs of another generator",
            "stages/generation/importing.py",
            UNTOUCHED,
            pipelines="edit_frame0",
            is_later=False,
        ),
        Journey(
            "a new release before `gate` has told who passed",
            drafted(),
            "kedro run --pipelines gate",
            "engine/io/parquet.py",
            UNTOUCHED,
            pipelines="assemble",
            is_later=False,
        ),
        Journey(
            "a new release to join that is not there",
            given(**{"join.added": "./nowhere"}),
            "A release that is joined must be a folder of this machine",
            "new_samples/release/joining.py",
            NOTHING,
            pipelines="join",
            is_later=False,
        ),
    ],
}  # fmt: skip
