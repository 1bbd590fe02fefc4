"""The machine as a run finds it: file system, decoders, GPU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sparkle_curation.doctor import machine
from sparkle_curation.doctor.finding import State
from sparkle_curation.doctor.setup import Setup

SetupOf = Callable[..., Setup]


@pytest.mark.parametrize(
    ("lines", "state", "said"),
    [
        (["a / ext4 rw 0 0"], State.OK, "ext4 at /"),
        (["a / ext4 rw 0 0", "server:/x {root} nfs4 rw 0 0"], State.WARNING, "nfs4 at {root}"),
        (["a / nfs rw 0 0", "b {root} xfs rw 0 0"], State.OK, "xfs at {root}"),
        (["a {root} xfs rw 0 0", "b {root} fuse.sshfs rw 0 0"], State.WARNING, "fuse.sshfs at {root}"),
        (["a {root}/further nfs rw 0 0"], State.OK, "not known"),
        ([], State.OK, "not known"),
    ],
)
def test_a_network_file_system_is_told(
    lines: list[str], state: State, said: str, tmp_path: Path, setup_of: SetupOf
) -> None:
    """The mount nearest above the data root counts, of two at one place the later; a space is written as octal."""
    root = tmp_path / "a root"
    root.mkdir()
    written = str(root.resolve()).replace(" ", "\\040")
    mounts = tmp_path / "mounts"
    mounts.write_text("".join(f"{line.format(root=written)}\n" for line in lines), "utf-8")
    (found,) = machine.check_file_system(setup_of(data_root=root / "data"), mounts)
    assert found.state == state
    assert said.format(root=root.resolve()) in found.found


def test_a_system_without_mounts_is_none_to_warn_of(tmp_path: Path, setup_of: SetupOf) -> None:
    """Other systems have no such file."""
    (found,) = machine.check_file_system(setup_of(), tmp_path / "none")
    assert (found.state, found.found) == (State.OK, "not known on this system")


def test_the_decoders_of_ffmpeg_are_named(setup_of: SetupOf) -> None:
    """The published wheels of PyAV decode all four; AV1 by another decoder than FFmpeg's own."""
    (found,) = machine.check_ffmpeg(setup_of())
    assert found.state == State.OK
    assert "decodes h264, hevc, av1 (by lib" in found.found


@pytest.mark.parametrize(("required", "state"), [("nosuch", State.PROBLEM), ("h264", State.WARNING)])
def test_a_codec_without_decoder_is_named(
    required: str, state: State, setup_of: SetupOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without that of the release's clips nothing goes; without another one some clips do not."""
    monkeypatch.setitem(machine.CODECS, "nosuch", ())
    monkeypatch.setattr(machine, "REQUIRED_CODEC", required)
    (found,) = machine.check_ffmpeg(setup_of())
    assert found.state == state
    assert found.found.endswith("and not nosuch")
    assert found.todo.endswith("--only-binary av av")


def test_no_gpu_is_no_fault(setup_of: SetupOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a driver torch is not asked, which takes seconds."""
    monkeypatch.setattr(machine, "_DRIVERS", ("/no/such/driver",))
    (found,) = machine.check_gpu(setup_of())
    assert found == ("GPU", State.OK, "no GPU: score and ground run on the CPU or ask a server", "")


def test_a_driver_that_torch_does_not_use_is_told(
    setup_of: SetupOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As with a torch that is built for the processor alone."""
    torch = pytest.importorskip("torch", reason="torch is an extra")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.setattr(machine, "_DRIVERS", (str(tmp_path),))
    (found,) = machine.check_gpu(setup_of())
    assert found.state == State.WARNING
    assert "does not use it: score and ground run on the CPU" in found.found


@pytest.mark.gpu
def test_each_gpu_is_named(setup_of: SetupOf) -> None:
    """With its memory."""
    torch = pytest.importorskip("torch", reason="torch is an extra")
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    found = list(machine.check_gpu(setup_of()))
    assert len(found) == torch.cuda.device_count()
    assert all(each.state == State.OK and "bytes of memory" in each.found for each in found)
