"""How a file is made from its recipe: by FFmpeg, or from the bytes of another.

Nothing of the project is imported, so that ``record.py`` runs in the environment of the loader.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.truth.byte_changes import Change

_TIMEOUT_S = 60
_NAMED = re.compile(r"{([^}]+)}")


@dataclass(frozen=True)
class Recipe:
    """How a file is made.

    Attributes:
        name: of the file.
        arguments: FFmpeg's, before those of every recipe; ``{name}`` is the file of another one.
        form: what FFmpeg writes; the file is called `.mp4` all the same, as the layout has it.
        of: the recipe whose file is changed; None for one that FFmpeg makes.
        change: what is done to its bytes.
    """

    name: str
    arguments: tuple[str, ...] = ()
    form: str = "mp4"
    of: str | None = None
    change: Change | None = None

    @property
    def needs(self) -> set[str]:
        """Recipes whose files this one is made of."""
        named = {name for text in self.arguments for name in _NAMED.findall(text)}
        return named | ({self.of} if self.of else set())


def make_files(recipes: Sequence[Recipe], ffmpeg: str, folder: Path, at_once: int = 2) -> dict[str, Path]:
    """The file of each recipe, in ``folder``.

    Raises:
        RuntimeError: FFmpeg made none.
    """
    paths = {recipe.name: folder / f"{recipe.name}.mp4" for recipe in recipes}
    left = list(recipes)
    made: set[str] = set()
    with ThreadPoolExecutor(at_once) as pool:
        while left:
            ready = [recipe for recipe in left if recipe.needs <= made]
            list(pool.map(lambda recipe: _make(recipe, ffmpeg, paths), ready))
            made.update(recipe.name for recipe in ready)
            left = [recipe for recipe in left if recipe.name not in made]
    return paths


def _make(recipe: Recipe, ffmpeg: str, paths: dict[str, Path]) -> None:
    target = paths[recipe.name]
    if recipe.change is not None:
        given = paths[recipe.of].read_bytes() if recipe.of else b""
        target.write_bytes(recipe.change(given))
        return
    arguments = [_NAMED.sub(r"\1.mp4", text) for text in recipe.arguments]
    # Bit-exact muxers and one thread: the same bytes each time.
    usual = ["-fflags", "+bitexact", "-threads", "1", "-f", recipe.form, target.name]
    command = [ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments, *usual]
    done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, cwd=target.parent, check=False)
    if done.returncode or not target.exists():
        raise RuntimeError(f"{recipe.name}: {' '.join(command)}\n{done.stderr.decode(errors='replace')}")
