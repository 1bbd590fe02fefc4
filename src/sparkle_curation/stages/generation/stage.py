"""The stages that generate: what each makes, and of what. Source: the dataset card, stages 2, 3 and 5."""

from __future__ import annotations

from dataclasses import dataclass

from sparkle_curation.errors import DescriptionError
from sparkle_curation.spec.layout import ASSET_KINDS, KIND


@dataclass(frozen=True)
class GenerationStage:
    """One of them.

    Attributes:
        name: of its pipeline.
        makes: asset kind that it makes.
        picture: asset kind of the still that is edited, or that the video begins with.
        control: asset kind of the edges that the video shall have; empty without.
    """

    name: str
    makes: str
    picture: str
    control: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The asset kinds that an output is made of."""
        return tuple(filter(None, (self.picture, self.control)))

    @property
    def is_video(self) -> bool:
        """Whether it makes a video, of as many frames as the source has."""
        return ASSET_KINDS[self.makes].suffix == "mp4"

    def check(self) -> None:
        """Nothing, where the dataset has what the stage makes and needs.

        Raises:
            DescriptionError: it has not.
        """
        if not self.makes or not self.picture:
            raise DescriptionError(
                f"The dataset has no assets for the stage {self.name}",
                where="assets of dataset.yml",
                got=f"makes: {self.makes or 'none'}, of: {self.picture or 'none'}",
                allowed="an asset kind for each role that the stage needs",
                todo="give an asset kind that role, in conf/base/dataset.yml",
            )


EDIT_FRAME0 = GenerationStage("edit_frame0", KIND.edited_frame0, KIND.source_frame0)
REMOVE_FOREGROUND = GenerationStage("remove_foreground", KIND.clean_frame0, KIND.edited_frame0)
BACKGROUND_VIDEO = GenerationStage("background_video", KIND.background_video, KIND.clean_frame0)
SYNTHESIZE = GenerationStage("synthesize", KIND.edited_video, KIND.edited_frame0, KIND.edges_video)
