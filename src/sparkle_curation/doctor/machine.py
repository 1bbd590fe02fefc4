"""The machine: the file system of the data root, FFmpeg, a GPU."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sparkle_curation.doctor.finding import Finding, State
from sparkle_curation.doctor.setup import Setup

MOUNTS = Path("/proc/mounts")
NETWORK_TYPES = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|9p|ceph|glusterfs|lustre|beegfs|gpfs|afs|davfs|ncpfs|orangefs|virtiofs"
    r"|fuse\.(sshfs|ceph\w*|glusterfs|s3fs|goofys|gcsfuse|rclone|mount-s3|juicefs|davfs\d?|curlftpfs|moosefs)"
)
"""Types of file systems that lie on another machine."""

# Names of FFmpeg's, which say no codec of the dataset's own.
REQUIRED_CODEC = "h264"
CODECS: dict[str, tuple[str, ...]] = {
    REQUIRED_CODEC: (),
    "hevc": (),
    "av1": ("libdav1d", "libaom-av1"),
    "vp9": ("libvpx-vp9",),
}
"""Codec -> decoders that FFmpeg takes before its own. Its own decoder of AV1 works with a GPU alone."""
_HARDWARE_ONLY = frozenset({"av1"})

_DRIVERS = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""What a GPU that torch calls CUDA leaves on a Linux machine: Nvidia's driver, that of Windows' Linux, AMD's."""


def check_file_system(setup: Setup, mounts: Path = MOUNTS) -> Iterator[Finding]:
    """Whether the data root is on a disk of this machine, as far as the system says."""
    subject = "file system"
    root = setup.data_root.resolve()
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        yield Finding(subject, State.OK, "not known on this system")
        return
    found = [(Path(_unescaped(place)), kind) for _, place, kind, *_ in map(str.split, lines)]
    above = [(len(place.parts), kind, place) for place, kind in found if root.is_relative_to(place)]
    if not above:
        yield Finding(subject, State.OK, "not known on this system")
        return
    # Of two mounts at one place the later one holds.
    _, kind, place = max(reversed(above), key=lambda each: each[0])
    if NETWORK_TYPES.fullmatch(kind):
        yield Finding(
            subject,
            State.WARNING,
            f"the data root is on a network file system: {kind} at {place}",
            "let one run at a time write there: locks of journals and exchanges of folders may not hold between machines",
        )
    else:
        yield Finding(subject, State.OK, f"{kind} at {place}")


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)


def check_ffmpeg(_: Setup) -> Iterator[Finding]:
    """The FFmpeg that PyAV brings, and whether it decodes what clips come in."""
    subject = "FFmpeg"
    try:
        import av  # noqa: PLC0415 -- other checks do without
    except ImportError as error:
        yield Finding(
            subject, State.PROBLEM, f"PyAV cannot be imported: {error}", "pip install --force-reinstall av"
        )
        return
    decoders = {codec: _decoder(codec) for codec in CODECS}
    missing = [codec for codec, decoder in decoders.items() if decoder is None]
    said = ", ".join(
        codec if decoder == codec else f"{codec} (by {decoder})"
        for codec, decoder in decoders.items()
        if decoder
    )
    state = State.PROBLEM if REQUIRED_CODEC in missing else State.WARNING if missing else State.OK
    yield Finding(
        subject,
        state,
        f"FFmpeg {av.ffmpeg_version_info} in PyAV {av.__version__} decodes {said or 'none'}"
        + (f", and not {', '.join(missing)}" if missing else ""),
        "take the published wheels of PyAV, which decode all: pip install --force-reinstall --only-binary av av"
        if missing
        else "",
    )


def _decoder(codec: str) -> str | None:
    """The decoder that FFmpeg takes for a codec; None where it has none that works without a GPU."""
    from av.codec import Codec  # noqa: PLC0415

    own = () if codec in _HARDWARE_ONLY else (codec,)
    for name in (*own, *CODECS[codec]):
        # Some names are of encoders alone, which are none to be had for reading.
        with contextlib.suppress(ValueError):
            if Codec(name, "r").is_decoder:
                return str(name)
    return None


def check_gpu(_: Setup) -> Iterator[Finding]:
    """Whether torch sees a GPU; torch takes seconds to import, so not where there is no driver of one."""
    subject = "GPU"
    without = "score and ground run on the CPU or ask a server"
    if not any(map(os.path.exists, _DRIVERS)):
        yield Finding(subject, State.OK, f"no GPU: {without}")
        return
    if importlib.util.find_spec("torch") is None:
        yield Finding(subject, State.OK, f"there is a GPU's driver, and torch is not installed: {without}")
        return
    try:
        import torch  # noqa: PLC0415 -- see above
    except (ImportError, OSError) as error:
        yield Finding(
            subject, State.WARNING, f"torch cannot be imported: {error}", "install the extra gpu again"
        )
        return
    if not torch.cuda.is_available():
        yield Finding(
            subject,
            State.WARNING,
            f"there is a GPU's driver, and torch {torch.__version__} does not use it: {without}",
            "" if torch.version.cuda or torch.version.hip else "install a torch that is built for it",
        )
        return
    for number in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(number)
        yield Finding(
            subject, State.OK, f"cuda:{number} is {facts.name} with {facts.total_memory:,} bytes of memory"
        )
