"""Pairs that went through another container, whose clock rounds their times, still load."""

from __future__ import annotations

import io
from dataclasses import asdict

import av
import polars as pl
from tests.made.media import file, media
from tests.made.pairs import Pairs
from tests.media.made_clips import window

from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.loader.preflight import check_pairs
from sparkle_curation.media.probe.probes import probe
from sparkle_curation.spec.layout import asset_path


def remuxed(content: bytes, form: str) -> bytes:
    """The same packets in another container; times of decoding, which Matroska lacks, come from those of showing."""
    target = io.BytesIO()
    with av.open(io.BytesIO(content)) as given, av.open(target, "w", format=form) as container:
        stream = given.streams.video[0]
        copy = container.add_stream_from_template(stream)
        packets = [packet for packet in given.demux(stream) if packet.size]
        times = sorted(packet.pts or 0 for packet in packets)
        delay = max(time - (packet.pts or 0) for time, packet in zip(times, packets, strict=True))
        for time, packet in zip(times, packets, strict=True):
            packet.dts, packet.stream = time - delay, copy
            container.mux(packet)
    return target.getvalue()


def test_pairs_remuxed_by_matroska_still_load(pairs: Pairs) -> None:
    """All twelve: 16 frames a second, no frame lost or repeated, told by the index alone."""
    rows, files = [], []
    for path in pairs.clips():
        theme, kind, sample_id = path.parts[-3], path.parts[-2], path.stem
        facts = probe(kind, window(remuxed(remuxed(path.read_bytes(), "matroska"), "mp4")))
        assert (facts.probe, facts.fps, facts.is_constant_fps) == ("boxes", 16.0, True)
        files.append(file(sample_id, kind, **asdict(facts)))
        if kind == "source_video":
            paths = [asset_path(theme, each, sample_id) for each in ("source_video", "edited_video")]
            rows.append([sample_id, theme, f"prompt of {sample_id}", *paths])
    names = ["id", "theme", "prompt", "src_video", "tgt_video"]
    found = check_pairs(pl.DataFrame(rows, schema=names, orient="row"), media(*files), LoaderSettings())
    assert found["outcome"].to_list() == ["loads"] * 12, found["detail"].to_list()
