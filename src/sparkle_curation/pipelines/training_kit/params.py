"""The parameters of the training kit, as ``conf/base/training_kit/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from sparkle_curation.engine.param_types import words
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.spec.training_tasks import TRAINING_TASKS
from sparkle_curation.training.kit import Choices
from sparkle_curation.training.plan import RunParams
from sparkle_curation.training.shares import Shares

_TASKS = f"at least one of {', '.join(TRAINING_TASKS)}, each once, as a list or separated by blanks"
_SHARES = (
    f"as_is, even, or weights above 0 by theme, such as shares.{THEMES[0]}=2; themes: {', '.join(THEMES)}"
)
_MAX_ROWS = "an integer above 0, or null for any number of rows"
_PATH = "a folder, or null"

_Path = Annotated[Annotated[str, Field(min_length=1)] | None, Field(description=_PATH)]


def _check_tasks(tasks: list[str]) -> list[str]:
    if not tasks or len(set(tasks)) != len(tasks):
        raise ValueError(_TASKS)
    return tasks


def _check_shares(shares: object) -> object:
    """Weights are of known themes, finite and above 0; a text is left to the type."""
    if isinstance(shares, dict):
        numbers = [
            value
            for value in shares.values()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        ]
        if (
            not shares
            or len(numbers) != len(shares)
            or not all(0 < value < float("inf") for value in numbers)
            or not set(shares) <= set(THEMES)
        ):
            raise ValueError(_SHARES)
    elif shares not in ("as_is", "even"):
        raise ValueError(_SHARES)
    return shares


class TrainingKitGroup(BaseModel):
    """What a training kit has.

    Attributes:
        tasks: training tasks of the dataset's description, a CSV each.
        shares: of the themes in each CSV.
        seed: of the order of rows, and of which are repeated once more or dropped.
        max_rows: rows of a task's CSV at most; None for any number.
        media_root: the folder that the paths of the CSVs are taken from; None for where ``extract`` writes.
        kiwi_edit_checkout: a clone of Kiwi-Edit, whose own parsers the run files are checked by; None for our table of them.
        run: how Kiwi-Edit is run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: Annotated[
        list[str],
        AfterValidator(_check_tasks),
        words(TRAINING_TASKS.__contains__, _TASKS),
        Field(description=_TASKS),
    ]
    # Checked before, so that a wrong weight is told in these words and not by the type that comes nearest.
    shares: Annotated[Shares, BeforeValidator(_check_shares), Field(description=_SHARES)]
    seed: Annotated[int, Field(strict=True, description="an integer")]
    max_rows: Annotated[Annotated[int, Field(strict=True, ge=1)] | None, Field(description=_MAX_ROWS)]
    media_root: _Path
    kiwi_edit_checkout: _Path
    run: RunParams

    @property
    def choices(self) -> Choices:
        """What decides the rows."""
        return Choices(self.tasks, self.shares, self.seed, self.max_rows)


class TrainingKitParams(BaseModel):
    """The parameters of the training kit.

    Attributes:
        training_kit: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    training_kit: TrainingKitGroup
