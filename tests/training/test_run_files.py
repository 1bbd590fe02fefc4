"""Run files are started as they are, with a program that writes down what it is given in the place of the launcher."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sparkle_curation.errors import ParameterError
from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.spec.training_tasks import REFERENCES_OPTION, STILLS_OPTION, VIDEOS_OPTION
from sparkle_curation.training import before_training
from sparkle_curation.training.options import BENCHMARK, KNOWN, SPARKLE_BENCH, TRAIN, Given, find_problems
from sparkle_curation.training.plan import Plan, RunParams, make_plan
from sparkle_curation.training.run_files.run_file import (
    CONTINUE,
    INFER_OPENVE,
    INFER_SPARKLE,
    LANGUAGE_MODEL,
    TRAIN_FROM_BASE,
    WEIGHTS,
    Places,
    RunFile,
)
from sparkle_curation.training.run_files.writing import write_run_files

ODD = 'it\'s a $HOME `x` "disk"'
"""A folder whose name bash would change where it is not quoted."""

SETTINGS = LoaderSettings()
NOWHERE = Places(None, '"$KIT"/../extracted', None, None, None, "variant_ab", None, None)
CSVS = {VIDEOS_OPTION: "train.csv"}


def plan(csvs: Mapping[str, str] = CSVS, **params: object) -> Plan:
    """A plan for CSVs of 1,000 rows each."""
    return make_plan(csvs, dict.fromkeys(csvs, 1000), RunParams(**params), SETTINGS)  # type: ignore[arg-type]


def files(of: Plan, places: Places = NOWHERE) -> dict[str, RunFile]:
    """The run files by their names."""
    return {file.name: file for file in write_run_files(of, places)}


class Kit:
    """A kit in a folder with an odd name, and a checkout beside it whose programs write down their arguments."""

    def __init__(self, root: Path) -> None:
        self.root = root / ODD
        self.kit, self.checkout = self.root / "training_kit", self.root / "Kiwi Edit"
        self.checkpoint, self.output = self.root / "base.safetensors", self.root / "out put"
        self.media, self.log = self.root / "extracted", self.root / "calls"
        for folder in (self.kit, self.checkout / "models" / WEIGHTS, self.media / "a", self.log):
            folder.mkdir(parents=True)
        (self.media / "a" / "1.mp4").touch()
        self.checkpoint.write_bytes(b"weights")
        (self.checkout / "models" / WEIGHTS / "base.safetensors").touch()
        with (self.kit / "train.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["prompt", "src_video", "tgt_video"], ["p", "a/1.mp4", "a/1.mp4"]])
        run = {"weights": WEIGHTS, "language_model": LANGUAGE_MODEL, "csvs": ["train.csv"]}
        (self.kit / "kit.json").write_text(json.dumps({"variant": "v", "run": run}), "utf-8")
        shutil.copy(before_training.__file__, self.kit)
        script = '#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done > "$LOG/$$"\n'
        programs = self.root / "bin"
        programs.mkdir()
        (programs / "accelerate").write_text(script, encoding="utf-8")
        (programs / "accelerate").chmod(0o755)
        # The programs of the checkout are Python's: they write down what they are given in the same way.
        log = "os.path.join(os.environ['LOG'], str(os.getpid()))"
        code = f"import os, sys\nopen({log}, 'w').write('\\0'.join([*sys.argv, '']))\n"
        for program in (TRAIN, BENCHMARK, SPARKLE_BENCH):
            (self.checkout / program).write_text(code, encoding="utf-8")
        self.programs = programs

    def write(self, of: Plan) -> dict[str, RunFile]:
        """Write the run files into the kit, with every path given."""
        places = Places(
            kiwi_edit=str(self.checkout),
            media_root='"$KIT"/../extracted',
            base_checkpoint=str(self.checkpoint),
            kiwi_sparkle_checkpoint=str(self.checkpoint),
            output=str(self.output),
            name="variant_ab",
            sparkle_bench=str(self.root / "Sparkle Bench"),
            openve_bench=str(self.root / "benchmark" / "OpenVE Bench"),
        )
        written = files(of, places)
        for name, file in written.items():
            (self.kit / name).write_text(file.text, encoding="utf-8")
        return written

    def start(self, name: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Start a run file from another folder, with more variables in its environment."""
        env = {
            **os.environ,
            **dict.fromkeys(["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"], ""),
            **more,
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "LOG": str(self.log),
        }
        return subprocess.run(
            ["bash", str(self.kit / name)], env=env, cwd="/", capture_output=True, text=True, check=False
        )

    def calls(self) -> list[list[str]]:
        """The arguments of each program that was started."""
        return sorted(path.read_text("utf-8").split("\0")[:-1] for path in self.log.iterdir())


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A kit that could train."""
    return Kit(tmp_path)


def given_after(program: str, words: list[str]) -> list[Given]:
    """The options behind the name of a program; each has a value."""
    names = words[words.index(program) + 1 :] if program in words else words[1:]
    return [
        Given(name.removeprefix("--"), value) for name, value in zip(names[::2], names[1::2], strict=True)
    ]


def test_training_starts_with_known_options_in_odd_folders(kit: Kit) -> None:
    """What the launcher gets is what the table knows, each path whole; and it is what the check was given."""
    file = kit.write(plan(gpus=2, batch=8))[TRAIN_FROM_BASE]
    finished = kit.start(TRAIN_FROM_BASE)
    assert finished.returncode == 0, finished.stderr
    (words,) = kit.calls()
    options = given_after(TRAIN, words)
    assert find_problems(TRAIN, options, KNOWN[TRAIN]) == []
    assert [option.name for option in options] == [option.name for option in file.given]
    values = dict(options)
    assert values["dataset_base_path"] == str(kit.media)
    assert values["vid_dataset_metadata_path"] == str(kit.kit / "train.csv")
    assert (values["checkpoint"], values["output_path"]) == (str(kit.checkpoint), f"{kit.output}/base")
    assert (
        values["gradient_accumulation_steps"]
        == "4"
        == words[words.index("--gradient_accumulation_steps") + 1]
    )


def test_a_training_says_what_it_is_made_of(kit: Kit) -> None:
    """``run.json`` beside the checkpoints: facts of the kit, hashes of checkpoint and CSV."""
    kit.write(plan())
    assert kit.start(CONTINUE).returncode == 0
    record = json.loads((kit.output / "continued" / "run.json").read_text("utf-8"))
    assert record["variant"] == "v"
    assert record["base_checkpoint"]["sha256"] == hashlib.sha256(b"weights").hexdigest()
    content = (kit.kit / "train.csv").read_bytes()
    assert record["csv_sha256"] == {"train.csv": hashlib.sha256(content).hexdigest()}


def test_no_gpu_is_taken_where_something_lacks(kit: Kit) -> None:
    """Media, checkpoint, weights: each is told with what mends it, and nothing is started or written."""
    kit.write(plan())
    (kit.media / "a" / "1.mp4").unlink()
    kit.checkpoint.unlink()
    shutil.rmtree(kit.checkout / "models" / WEIGHTS)
    (kit.checkout / "models" / WEIGHTS).mkdir()  # empty
    finished = kit.start(TRAIN_FROM_BASE)
    assert finished.returncode == 1
    for told in ("not_extracted: 1 files", "kedro run --pipelines extract", "is no file", "base weights"):
        assert told in finished.stderr
    assert kit.calls() == []
    assert not kit.output.exists()


def test_the_language_model_is_looked_for(kit: Kit) -> None:
    """Where the cache lacks it, that is told with what brings it there; and without a network nothing is started."""
    kit.write(plan())
    caches = {
        "HF_HUB_CACHE": "",
        "HUGGINGFACE_HUB_CACHE": "",
        "TRANSFORMERS_CACHE": "",
    }
    empty, own = (
        caches | {"HF_HOME": "", "XDG_CACHE_HOME": str(kit.root)},
        {"HF_HOME": str(kit.root / "home")},
    )
    offline = kit.start(TRAIN_FROM_BASE, **empty | {"HF_HUB_OFFLINE": "1"})
    assert (offline.returncode, kit.calls()) == (1, [])
    online = kit.start(TRAIN_FROM_BASE, **empty)
    assert (online.returncode, len(kit.calls())) == (0, 1)
    for finished in (offline, online):
        assert f"hf download {LANGUAGE_MODEL}" in finished.stderr
    snapshot = kit.root / "home/hub/models--Qwen--Qwen2.5-VL-3B-Instruct/snapshots/66285546"
    snapshot.mkdir(parents=True)
    (snapshot / "model-00001-of-00002.safetensors").touch()
    assert "hf download" not in kit.start(TRAIN_FROM_BASE, **caches | own).stderr


def test_another_run_is_not_written_over(kit: Kit) -> None:
    """Its checkpoints would have names that these take; a start that failed before the first of them is no run."""
    kit.write(plan())
    assert kit.start(TRAIN_FROM_BASE).returncode == 0
    next(kit.root.rglob("run.json")).with_name("step-10.safetensors").touch()
    finished = kit.start(TRAIN_FROM_BASE)
    assert (finished.returncode, len(kit.calls())) == (1, 1)
    assert "another run lies in" in finished.stderr


def test_inference_runs_on_each_gpu_and_theme(kit: Kit) -> None:
    """A process a GPU, for each theme that the benchmark has; the folders that are glued to paths end with ``/``."""
    kit.write(plan(gpus=2))
    bench = kit.root / "Sparkle Bench"
    bench.mkdir()
    for theme in ("location", "time"):
        (bench / f"{theme}_bench.csv").touch()
    finished = kit.start(INFER_SPARKLE)
    assert finished.returncode == 0
    told = f'sparkle_bench,bench_root={bench}"'
    assert "kedro run --pipelines bench_outputs --params " in finished.stdout
    assert finished.stdout.strip().endswith(told)
    calls = [dict(given_after(SPARKLE_BENCH, words)) for words in kit.calls()]
    assert sorted((call["edit_type"], call["rank"]) for call in calls) == [
        ("location", "0"), ("location", "1"), ("time", "0"), ("time", "1"),
    ]  # fmt: skip
    assert all(
        find_problems(SPARKLE_BENCH, [*map(Given._make, call.items())], KNOWN[SPARKLE_BENCH]) == []
        for call in calls
    )
    assert {call["bench_root"] for call in calls} == {str(bench)}
    shutil.rmtree(kit.log)
    kit.log.mkdir()
    assert kit.start(INFER_OPENVE).returncode == 0
    for words in kit.calls():
        options = given_after(BENCHMARK, words)
        assert find_problems(BENCHMARK, options, KNOWN[BENCHMARK]) == []
        assert dict(options)["data_root"] == f"{kit.root / 'benchmark'}/"
        assert dict(options)["save_dir"].endswith("/")


def test_the_published_script_is_not_started_with_its_fault(kit: Kit) -> None:
    """It passes ``src_mask`` to a pipeline that takes none; the command that mends it is told, and mends it."""
    kit.write(plan(gpus=1))
    bench = kit.root / "Sparkle Bench"
    bench.mkdir()
    (bench / "time_bench.csv").touch()
    pipeline = kit.checkout / "diffsynth" / "pipelines" / "wan_video_mllm.py"
    pipeline.parent.mkdir(parents=True)
    pipeline.touch()
    script = kit.checkout / SPARKLE_BENCH
    script.write_text(
        script.read_text("utf-8") + "x = lambda: dict(\n    src_mask=None,\n)\n", encoding="utf-8"
    )
    finished = kit.start(INFER_SPARKLE)
    assert (finished.returncode, kit.calls()) == (1, [])
    told = finished.stderr.partition("first: ")[2].strip()
    assert told.startswith("sed -i")
    subprocess.run(["sed", "-i", "/src_mask=None,/d", str(script)], check=True)
    assert kit.start(INFER_SPARKLE).returncode == 0


@pytest.mark.parametrize("name", [TRAIN_FROM_BASE, CONTINUE, INFER_SPARKLE, INFER_OPENVE])
@pytest.mark.parametrize(
    "csvs", [CSVS, {STILLS_OPTION: "s.csv", REFERENCES_OPTION: "r.csv"}], ids=["pairs", "more"]
)
def test_bash_reads_each_file_and_each_option_is_explained(name: str, csvs: dict[str, str]) -> None:
    """Without a syntax error, with a comment above each option."""
    file = files(plan(csvs))[name]
    assert subprocess.run(["bash", "-n"], input=file.text, text=True, check=False).returncode == 0
    lines = [line.strip() for line in file.text.partition("options=(")[2].splitlines()]
    assert all(
        lines[lines.index(f"--{line.name} {line.shell}") - 1] == f"# {line.why}" for line in file.lines
    )
    assert find_problems(file.program, file.given, KNOWN[file.program]) == []


def test_what_is_not_given_is_asked_for(kit: Kit) -> None:
    """A path that no parameter gives is named, with what it is."""
    (kit.kit / TRAIN_FROM_BASE).write_text(files(plan())[TRAIN_FROM_BASE].text, encoding="utf-8")
    finished = kit.start(TRAIN_FROM_BASE)
    assert finished.returncode != 0
    assert "KIWI_EDIT is not set: the checkout of Kiwi-Edit" in finished.stderr


# ------------------------------------------------------------------ the plan
def test_steps_are_counted_as_the_trainer_counts() -> None:
    """128 rows an update on 8 GPUs are 16 micro-batches; an epoch is 125 of them a process."""
    of = plan(gpus=8, batch=128, updates=100, save_every=10)
    assert (of.accumulation, of.epochs, of.micro_steps, of.save_steps) == (16, 13, 1625, 160)
    assert (of.updates, of.effective_batch) == (101, 128)


def test_several_csvs_end_with_the_shortest() -> None:
    """Rows are taken in turn, so an epoch is twice the shorter one."""
    counts = {VIDEOS_OPTION: 1000, STILLS_OPTION: 10}
    of = make_plan(
        {VIDEOS_OPTION: "v", STILLS_OPTION: "s"}, counts, RunParams(gpus=1, batch=1, updates=40), SETTINGS
    )
    assert (of.epochs, of.micro_steps) == (2, 40)


def test_references_train_what_is_theirs() -> None:
    """A third column, a third input and the layers of references; none of it without them."""
    with_them = dict(files(plan({REFERENCES_OPTION: "r.csv"}))[TRAIN_FROM_BASE].given)
    without = dict(files(plan())[TRAIN_FROM_BASE].given)
    assert with_them["data_file_keys"] == "src_video,tgt_video,ref_image"
    assert with_them["extra_inputs"] == "source_input,ref_image"
    assert "ref_vae_condition" in str(with_them["trainable_models"])
    assert all("ref" not in str(value) for name, value in without.items() if name != "remove_prefix_in_ckpt")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"gpus": 3, "batch": 128}, "run.gpus=3,training_kit.run.batch=126"),
        ({"num_frames": 80}, "run.num_frames=77"),
    ],
    ids=["batch", "frames"],
)
def test_what_does_not_fit_is_told_with_what_does(params: dict[str, int], told: str) -> None:
    """A batch that the GPUs do not divide; frames that are not ``4n + 1``."""
    with pytest.raises(ParameterError) as error:
        plan(**params)
    assert told in str(error.value.todo)


def test_forced_sizes_are_those_of_the_preflight() -> None:
    """What the variant was checked with is what it is trained with."""
    of = replace(plan(), height=704, width=1280)
    values = dict(files(of)[TRAIN_FROM_BASE].given)
    assert (values["height"], values["width"]) == ("704", "1280")
