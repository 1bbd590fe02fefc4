"""From what a model says to boxes: answers by sampled frame, asked again where they are none, kept as they came."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from tests.conftest import Project

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.errors import ConservationError
from sparkle_curation.grounding.batches import JOURNAL_SCHEMA, BatchGround, GroundJob
from sparkle_curation.grounding.grounder import Grounder, GroundSettings
from sparkle_curation.grounding.jobs import list_round1, list_round2
from sparkle_curation.grounding.tables import published_records, stream_round1, stream_round2
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.models.questions import Question, Reply, ReplyFault

DOG = {"bbox_2d": [100, 200, 300, 400], "label": "Dog"}
ANSWER = json.dumps([DOG])
PROVENANCE = dict.fromkeys(
    ("backend", "model", "revision", "prompt_template_origin", "prompt_template_digest", "settings"), "test"
)
SEED = 3407
Say = Callable[[int, int], Reply]


@dataclass
class ScriptedModel:
    """Says what a function of the question's place and of its try says.

    Attributes:
        say: place among the questions of one ask, of all that were first asked; try, from 0 -> reply.
        asked: seeds and texts of the questions so far.
    """

    say: Say
    asked: list[tuple[int, str]] = field(default_factory=list)
    provenance: Mapping[str, str] = field(default_factory=lambda: {"model": "scripted"})
    _places: dict[int, int] = field(default_factory=dict)

    def load(self) -> None:
        """Nothing to load."""

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, by the pictures that are asked about."""
        return [self._reply(question) for question in questions]

    def _reply(self, question: Question) -> Reply:
        place = self._places.setdefault(id(question.parts[0]), len(self._places))
        self.asked.append((question.seed, str(question.parts[-1])))
        return self.say(place, question.seed - SEED)


@pytest.fixture(scope="module")
def inspected(
    kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pl.DataFrame, AssetStore]:
    """The media of the sample release, and a store that opens them."""
    project = Project(sample_release, tmp_path_factory.mktemp("inspected"), {})
    for pipeline in ("ingest", "inspect"):
        project.run_here(pipeline)
    media = pl.read_parquet(project.output("02_intermediate", "media.parquet"))
    return media, AssetStore(str(sample_release), project.output("02_intermediate", "assets.parquet"))


@dataclass
class Round2:
    """Round 2 of one sample, asked of a scripted model, with its journal."""

    media: pl.DataFrame
    store: AssetStore
    folder: Path

    def ground(self, say: Say) -> tuple[dict[str, Any], ScriptedModel]:
        """The row of the table, and the model that was asked."""
        model = ScriptedModel(say)
        grounder = Grounder(model, "<instruction>", "Where are <labels>?", GroundSettings())
        name = self.media.filter((pl.col("kind") == "source_video") & pl.col("error").is_null())["id"][0]
        objects = [{**DOG, "bbox_2d": [1.0, 2.0, 3.0, 4.0]}]
        round1 = pl.DataFrame(
            {"id": [name], "prompt": ["Dusk"], "round1_labels": [["Dog"]], "round1_objects": [objects]}
        )
        jobs = list_round2(self.media.filter(pl.col("id") == name), round1, grounder.digest)
        asked = [GroundJob(*row) for row in jobs.select(GroundJob._fields).iter_rows()]
        journal = Journal(self.folder / "ground.journal", JOURNAL_SCHEMA, retried_errors=["no_reply"])
        with journal:
            journal.append(BatchGround(self.store, grounder)(asked))
        dataset = TableDataset(filepath=str(self.folder / "made.parquet"))
        dataset.save(stream_round2(jobs, JournalRows(journal), round1, PROVENANCE))
        self.table = dataset.load()
        (row,) = self.table.collect().to_dicts()
        self.is_done = not journal.remaining([asked[0].key]).any()
        return row, model


@pytest.fixture
def round2(inspected: tuple[pl.DataFrame, AssetStore], tmp_path: Path) -> Round2:
    """Round 2 of the first sample."""
    return Round2(*inspected, tmp_path)


def test_each_sampled_frame_has_its_answer(round2: Round2) -> None:
    """One question each, all with the first seed, about the labels of round 1."""
    row, model = round2.ground(lambda _place, _tries: Reply(ANSWER))
    count = len(row["frame_objects"])
    assert count > 3
    assert model.asked == [(3407, 'Where are ["Dog"]?')] * count
    assert row["frame_objects"] == [[DOG]] * count
    assert (row["fault"], row["tries"], row["unanswered_sampled_frames"]) == (None, 1, [])


def test_a_stubborn_sampled_frame_is_reported_and_loses_nothing(round2: Round2) -> None:
    """It was asked three times with other seeds; its box is empty, the others are there."""
    row, model = round2.ground(lambda place, _tries: Reply("no dog" if place == 1 else ANSWER))
    count = len(row["frame_objects"])
    empty = {"bbox_2d": [], "label": "Dog"}
    assert row["frame_objects"] == [[DOG], [empty], *[[DOG]] * (count - 2)]
    assert row["unanswered_sampled_frames"] == [1]
    assert row["raw_texts"][1] == "no dog"
    assert (row["fault"], row["tries"]) == (None, 3)
    assert [seed for seed, _ in model.asked] == [*[3407] * count, 3408, 3409]


def test_an_answer_of_a_later_try_counts(round2: Round2) -> None:
    """With how often it was asked for."""
    cut = '[{"bbox_2d": [1, 2, 3, 4], "label": "Dog"}, {"bbox'
    row, _ = round2.ground(lambda place, tries: Reply(cut if (place, tries) == (2, 0) else ANSWER))
    assert row["frame_objects"] == [[DOG]] * len(row["frame_objects"])
    assert (row["tries"], row["unanswered_sampled_frames"]) == (2, [])


def test_a_sample_without_any_answer_has_a_fault(round2: Round2) -> None:
    """And keeps the texts. It stands: the same model would say the same."""
    row, _ = round2.ground(lambda _place, _tries: Reply('[{"label": "Dog", "bbox_2d": [5, 5, 1, 1]}]'))
    assert row["fault"] == "not_ordered"
    assert row["fault_detail"].startswith("answer 0, try 3: [")
    assert (row["frame_objects"], row["unanswered_sampled_frames"]) == (None, None)
    assert round2.is_done
    assert published_records(round2.table) == {}


def test_a_server_that_fails_at_one_sampled_frame_is_asked_again_in_another_run(round2: Round2) -> None:
    """What the server did not answer at all is no sampled frame that the model failed at."""
    silent = Reply("", fault=ReplyFault.NO_REPLY, detail="503")
    row, model = round2.ground(lambda place, _tries: silent if place == 1 else Reply(ANSWER))
    assert (row["fault"], row["fault_detail"]) == ("no_reply", "answer 1, try 1: 503")
    assert {seed for seed, _ in model.asked} == {3407}
    assert not round2.is_done
    row, _ = round2.ground(lambda _place, _tries: Reply(ANSWER))
    assert row["fault"] is None


def test_an_empty_list_is_an_answer(round2: Round2) -> None:
    """The model sees no dog: as published, an empty box."""
    row, _ = round2.ground(lambda _place, _tries: Reply("[]"))
    assert {one["label"] for frame in row["frame_objects"] for one in frame} == {"Dog"}
    assert all(one["bbox_2d"] == [] for frame in row["frame_objects"] for one in frame)
    assert row["unanswered_sampled_frames"] == []


def test_a_label_that_cannot_be_stored_is_asked_for_again(round2: Round2) -> None:
    """Half a surrogate pair names nothing: another seed may say what it is."""
    bad = json.dumps([{**DOG, "label": "Dog \ud83d"}])
    row, model = round2.ground(lambda place, tries: Reply(bad if (place, tries) == (1, 0) else ANSWER))
    assert row["frame_objects"] == [[DOG]] * len(row["frame_objects"])
    assert (row["tries"], model.asked[-1][0]) == (2, SEED + 1)


def test_an_old_journal_with_such_a_label_costs_its_sample_alone(
    inspected: tuple[pl.DataFrame, AssetStore], tmp_path: Path
) -> None:
    """It was taken for an answer once, and no table could be made of it ever after."""
    media, _ = inspected
    jobs = list_round1(media, pl.DataFrame({"id": media["id"].unique(), "prompt": "Dusk"}), "digest")
    keys = jobs.filter("is_asked")["key"].to_list()
    bad = json.dumps([{**DOG, "label": "\ud83d"}])
    journal = Journal(tmp_path / "old.journal", JOURNAL_SCHEMA)
    rows = [
        {"key": key, "answers": [{"text": bad if key == keys[1] else ANSWER, "tries": 1}]} for key in keys
    ]
    with journal:
        journal.append(pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA))
    stream = stream_round1(jobs, JournalRows(journal), PROVENANCE)
    table = pl.concat(pl.DataFrame(pl.from_arrow(batch)) for batch in stream.batches())
    asked = table.filter(pl.Series(jobs["is_asked"]))
    assert asked["fault"].to_list() == [None, "unstorable_label", *[None] * (len(keys) - 2)]
    assert asked["raw_texts"].to_list()[1] == [bad]
    assert asked["round1_labels"].to_list()[0] == ["Dog"]


def test_the_published_record_is_that_of_the_release(round2: Round2) -> None:
    """Integers are whole, and there is no member of ours."""
    row, _ = round2.ground(lambda _place, _tries: Reply(ANSWER))
    ((theme, records),) = published_records(round2.table).items()
    (record,) = records
    assert theme == row["theme"]
    assert list(record) == ["id", "prompt", "edit_type", "round1_labels", "round1_objects", "frame_objects"]
    assert json.dumps(record["round1_objects"]) == '[{"bbox_2d": [1, 2, 3, 4], "label": "Dog"}]'
    assert json.dumps(record["frame_objects"][0]) == json.dumps([DOG])


def test_what_cannot_be_grounded_is_not_asked(inspected: tuple[pl.DataFrame, AssetStore]) -> None:
    """A sample without labels, a broken video, one beyond the limit and one of a draft that waits each have their reason."""
    media, _ = inspected
    videos = media.filter((pl.col("kind") == "source_video") & pl.col("error").is_null())
    without, broken, first, *rest = videos["id"].unique(maintain_order=True)
    is_broken = (pl.col("id") == broken) & (pl.col("kind") == "source_video")
    media = media.with_columns(error=pl.when(is_broken).then(pl.lit("torn")).otherwise("error"))
    round1 = pl.DataFrame({"id": [broken, first, *rest], "prompt": "Dusk"}).with_columns(
        round1_labels=pl.lit(["Dog"]), round1_objects=pl.lit([DOG])
    )
    jobs = list_round2(media, round1, "digest", limit=1)
    told = dict(zip(jobs["id"], jobs["error"], strict=True))
    assert (told[without], told[broken], told[first]) == ("no_round1", "torn", None)
    assert jobs.filter("is_asked")["id"].to_list() == [first]
    standing = pl.DataFrame({"id": [broken, first], "standing": ["not_passed", "not_judged"]})
    held = list_round2(media, round1, "digest", 1, standing)
    told = dict(zip(held["id"], held["error"], strict=True))
    assert (told[without], told[broken], told[first]) == ("no_round1", "not_passed", "not_judged")
    assert held.filter("is_asked")["id"].to_list() == rest[:1]
    assert held["key"].equals(jobs["key"])
    earlier = list_round1(media, round1, "digest", None, standing)
    assert set(earlier.filter(pl.col("id").is_in([broken, first]))["error"]) == {"not_passed", "not_judged"}
    assert earlier.filter("is_asked")["id"].is_in([broken, first]).sum() == 0


def test_other_prompts_and_grounders_are_other_work(inspected: tuple[pl.DataFrame, AssetStore]) -> None:
    """The key follows from all that an answer depends on, and from nothing else."""
    media, _ = inspected
    prompts = pl.DataFrame({"id": media["id"].unique(), "prompt": "Dusk"})

    def keys(prompts: pl.DataFrame, digest: str, limit: int | None = None) -> list[str]:
        jobs = list_round1(media, prompts, digest, limit)
        return jobs.filter(pl.col("error").is_null())["key"].to_list()

    first = keys(prompts, "digest")
    assert len(set(first)) > 1
    assert keys(prompts, "digest", limit=1) == first
    assert not set(first) & set(keys(prompts, "another"))
    assert not set(first) & set(keys(prompts.with_columns(prompt=pl.lit("Dawn")), "digest"))


def test_an_answer_that_got_lost_is_a_defect(
    inspected: tuple[pl.DataFrame, AssetStore], tmp_path: Path
) -> None:
    """It is no sample that was not asked: nothing is written."""
    media, _ = inspected
    jobs = list_round1(media, pl.DataFrame({"id": media["id"].unique(), "prompt": "Dusk"}), "digest")
    journal = Journal(tmp_path / "empty.journal", JOURNAL_SCHEMA)
    with journal:
        pass
    with pytest.raises(ConservationError, match="neither answers nor an error"):
        stream_round1(jobs, JournalRows(journal), PROVENANCE)
    unasked = jobs.with_columns(is_asked=pl.lit(value=False))
    stream = stream_round1(unasked, JournalRows(journal), PROVENANCE)
    told = pl.concat(pl.DataFrame(pl.from_arrow(batch)) for batch in stream.batches())
    assert told["id"].to_list() == jobs["id"].to_list()
    assert "not_asked" in told["fault"]
