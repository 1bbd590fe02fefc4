"""Wrong options of Kiwi-Edit's programs are told in words, by our table or by the parsers of a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparkle_curation.errors import ParameterError
from sparkle_curation.training.options import (
    BENCHMARK,
    KNOWN,
    NEEDED,
    SPARKLE_BENCH,
    TRAIN,
    Given,
    Option,
    check_commands,
    find_problems,
    read_options,
)

TRAIN_PY = """
import torch
from trainers.utils import helper, my_parser
from torch.nn import Module
if __name__ == "__main__":
    args = my_parser().parse_args()
"""
UTILS_PY = """
import argparse

def other():
    argparse.ArgumentParser().add_argument("--not_of_train", type=int)

def my_parser():
    parser = argparse.ArgumentParser(description="x")
    parser.add_argument("--num_frames", type=int, default=81)
    parser.add_argument("--learning_rate", "-l", type=float, required=True)
    parser.add_argument("--ref_pad_first", type=bool, default=False)
    parser.add_argument("--find_unused", default=False, action="store_true")
    parser.add_argument("--name")
    return parser
"""


def complete(program: str) -> list[Given]:
    """Options that a program starts with."""
    more = [Given("vid_dataset_metadata_path", "train.csv")] if program == TRAIN else []
    return [*(Given(name, "x") for name in NEEDED[program]), *more]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose training script takes its parser from another file, in a folder with a blank."""
    root = tmp_path / "Kiwi Edit"
    (root / "trainers").mkdir(parents=True)
    (root / TRAIN).write_text(TRAIN_PY, encoding="utf-8")
    (root / "trainers" / "utils.py").write_text(UTILS_PY, encoding="utf-8")
    return root


@pytest.mark.parametrize("program", [TRAIN, BENCHMARK, SPARKLE_BENCH])
def test_what_is_needed_is_known_and_enough(program: str) -> None:
    """Our tables agree with each other."""
    assert find_problems(program, complete(program), KNOWN[program]) == []


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (Given("learning_rat", "1e-5"), "--learning_rat is no option of it; did you mean 'learning_rate'?"),
        (Given("extra_input", "x"), "--extra_input is no option of it; did you mean 'extra_inputs'?"),
        (Given("num_frames", "81.5"), "--num_frames 81.5: an integer is needed"),
        (Given("learning_rate", "fast"), "--learning_rate fast: a number is needed"),
        (Given("lora_rank", None), "--lora_rank: needs a value"),
        (Given("find_unused_parameters", "yes"), "--find_unused_parameters yes: takes no value"),
        (
            Given("ref_pad_first", "False"),
            "--ref_pad_first False: any text is true to it, this one too; leave the option out",
        ),
        (Given("checkpoint", "again"), "--checkpoint is given twice"),
        (Given("height", "720"), "--height and --width go together; one alone is passed over"),
    ],
    ids=lambda value: value.name if isinstance(value, Given) else "",
)
def test_a_wrong_option_is_told(option: Given, told: str) -> None:
    """Unknown, abbreviated, of another type, twice, or half of a pair."""
    assert find_problems(TRAIN, [*complete(TRAIN), option], KNOWN[TRAIN]) == [told]


def test_a_missing_option_is_told() -> None:
    """What has a default that loads nothing is needed too, and one of the CSVs."""
    assert find_problems(TRAIN, complete(TRAIN)[2:-1], KNOWN[TRAIN]) == [
        "--dataset_base_path is missing",
        "--data_file_keys is missing",
        "one of --vid_dataset_metadata_path, --vid_ref_dataset_metadata_path, --img_dataset_metadata_path is missing",
    ]


def test_the_parser_of_a_checkout_is_read_and_not_run(checkout: Path) -> None:
    """Through the import of the function that makes it; other functions there do not count."""
    assert read_options(checkout, TRAIN) == {
        "num_frames": Option("int"),
        "learning_rate": Option("float", is_needed=True),
        "ref_pad_first": Option("bool"),
        "find_unused": Option("flag"),
        "name": Option("str"),
    }


def test_an_option_that_a_checkout_lacks_stops_the_run(checkout: Path) -> None:
    """The error names run file, program, option and checkout, and its parser's own needs."""
    with pytest.raises(ParameterError) as told:
        check_commands([("train_from_base.sh", TRAIN, complete(TRAIN))], checkout)
    assert "train_from_base.sh: train.py --data_file_keys is no option of it" in str(told.value.got)
    assert "train.py --learning_rate is missing" in str(told.value.got)
    assert told.value.where == checkout


def test_without_a_checkout_the_table_decides() -> None:
    """And says so."""
    assert check_commands([("a.sh", TRAIN, complete(TRAIN))], None) == "the table of Kiwi-Edit's options"


def test_a_program_from_elsewhere_is_checked_by_its_table(checkout: Path) -> None:
    """Sparkle's own script need not lie in the checkout yet."""
    check_commands([("b.sh", SPARKLE_BENCH, complete(SPARKLE_BENCH))], checkout)


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "lacks a program"), ("x = (", "cannot be read as Python"), ("x = 1", "No parser of options")],
)
def test_what_is_no_checkout_is_told(checkout: Path, text: str | None, told: str) -> None:
    """No file, no Python, or no parser in it."""
    (checkout / TRAIN).unlink()
    if text is not None:
        (checkout / TRAIN).write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=told):
        read_options(checkout, TRAIN)
