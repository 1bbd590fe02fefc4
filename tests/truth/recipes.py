"""The odd files, each by its recipe: the arguments of FFmpeg that make it, or a change to the bytes of another.

Clips are of 21 frames, which is what the loader asks for here, so that a frame more or less shows.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence

from tests.truth import byte_changes as bc
from tests.truth.making import Recipe

NUM_FRAMES, MAX_PIXELS = 21, 192 * 128
PLAIN = "plain"
"""The clip that nothing is odd about."""


# ------------------------------------------------------------------ the parts of a recipe
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_WITH_B = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "2", "-b_strategy", "0")
_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1")
_X265_PARAMS = "log-level=none:pools=none:frame-threads=1"
_HEVC = (*_X265, "-x265-params", _X265_PARAMS)
_AV1 = ("-c:v", "libsvtav1", "-preset", "13", "-crf", "50", "-svtav1-params", "lp=1", "-pix_fmt", "yuv420p")
_VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-pix_fmt", "yuv420p")
_MPEG4 = ("-c:v", "mpeg4", "-q:v", "8", "-pix_fmt", "yuv420p")
_MJPEG = ("-c:v", "mjpeg", "-q:v", "8", "-pix_fmt", "yuvj420p")
_PRORES = ("-c:v", "prores_ks", "-profile:v", "0", "-pix_fmt", "yuv422p10le")
_OPEN_H264 = (*_WITH_B, "-g", "8", "-x264-params", "open-gop=1")
_OPEN_HEVC = (*_X265, "-x265-params", f"{_X265_PARAMS}:keyint=8:bframes=3:open-gop=1")
_COPY = ("-c", "copy")
_CODECS = {"h264": _X264, "hevc": _HEVC, "av1": _AV1, "vp9": _VP9, "mpeg4": _MPEG4, "mjpeg": _MJPEG}


def _source(size: str = "192x128", rate: str = "16") -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}")


def _clip(
    name: str,
    codec: Sequence[str] = _X264,
    *more: str,
    frames: int = 21,
    size: str = "192x128",
    rate: str = "16",
    form: str = "mp4",
) -> Recipe:
    return Recipe(name, (*_source(size, rate), "-frames:v", str(frames), *codec, *more), form)


def _copied(name: str, of: str, *more: str, before: Sequence[str] = (), form: str = "mp4") -> Recipe:
    return Recipe(name, (*before, "-i", f"{{{of}}}", *_COPY, *more), form)


def _made(name: str, command: str, form: str = "mp4") -> Recipe:
    return Recipe(name, tuple(command.split()), form)


def _changed(name: str, of: str, change: bc.Change) -> Recipe:
    return Recipe(name, of=of, change=change)


# ------------------------------------------------------------------ the list
def _codecs() -> Iterator[Recipe]:
    for codec, arguments in _CODECS.items():
        yield _clip(PLAIN if codec == "h264" else codec, arguments)
    yield _clip("h264-10bit", (*_X264, "-pix_fmt", "yuv420p10le"))
    yield _clip("h264-422", (*_X264, "-pix_fmt", "yuv422p"))
    yield _clip("h264-444", (*_X264, "-pix_fmt", "yuv444p"))
    yield _clip("h264-grey", (*_X264, "-pix_fmt", "gray"))
    yield _clip("h264-full-range", (*_X264, "-pix_fmt", "yuvj420p"))
    yield _clip("h264-rgb", ("-c:v", "libx264rgb", "-preset", "ultrafast", "-pix_fmt", "rgb24"))
    yield _clip("h264-interlaced", _X264, "-flags:v", "+ildct+ilme")
    yield _clip("h264-lossless", _X264, "-qp", "0")
    yield _clip("h264-b-frames", _WITH_B)
    yield _clip("h264-b-pyramid", _WITH_B, "-bf", "5", "-x264-params", "b-pyramid=normal:ref=4")
    yield _clip("h264-open-gop", _OPEN_H264)
    yield _clip("h264-all-key", _X264, "-g", "1")
    yield _clip("h264-intra-refresh", _X264, "-x264-params", "intra-refresh=1:keyint=8", frames=30)
    yield _clip("h264-pulldown", _X264, "-x264-params", "pulldown=32", frames=42)
    yield _clip("h264-slices", _X264, "-x264-params", "slices=4")
    yield _clip("h264-colours", _X264, "-color_primaries", "bt2020", "-color_trc", "smpte2084")
    yield _clip("hevc-hev1", (*_HEVC, "-tag:v", "hev1"))
    yield _clip("hevc-10bit", (*_HEVC, "-pix_fmt", "yuv420p10le"))
    yield _clip("hevc-444", (*_HEVC, "-pix_fmt", "yuv444p"))
    yield _clip("hevc-grey", (*_HEVC, "-pix_fmt", "gray"))
    yield _clip("hevc-open-gop", _OPEN_HEVC)
    yield _clip("av1-10bit", (*_AV1, "-pix_fmt", "yuv420p10le"))
    yield _clip(
        "av1-aom-444", ("-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-pix_fmt", "yuv444p")
    )
    yield _clip("vp9-444", (*_VP9, "-pix_fmt", "yuv444p"))
    yield _clip(
        "vp9-alt-ref", _VP9, "-deadline", "good", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "50k"
    )
    yield _clip("mpeg4-b-frames", _MPEG4, "-bf", "2")
    yield _clip("xvid-packed-avi", ("-c:v", "libxvid", "-q:v", "8", "-bf", "2"), form="avi")
    yield _copied("xvid-packed", "xvid-packed-avi")
    yield _clip("mpeg2", ("-c:v", "mpeg2video", "-q:v", "8"), rate="25")
    yield _clip("mpeg2-b-frames", ("-c:v", "mpeg2video", "-q:v", "8", "-bf", "2"), rate="25")
    yield _clip("mjpeg-444", (*_MJPEG, "-pix_fmt", "yuvj444p"))
    yield _clip("jpeg2000", ("-c:v", "jpeg2000"), size="64x64")
    yield _clip(
        "vvc",
        ("-c:v", "libvvenc", "-preset", "faster", "-qp", "50", "-pix_fmt", "yuv420p10le"),
        size="64x64",
        frames=5,
    )
    yield _clip("mov-prores", _PRORES, form="mov")
    yield _clip(
        "mov-prores-alpha", ("-c:v", "prores_ks", "-profile:v", "4", "-pix_fmt", "yuva444p10le"), form="mov"
    )
    yield _clip("mov-png-alpha", ("-c:v", "png", "-pix_fmt", "rgba"), form="mov")
    yield _clip("mov-qtrle", ("-c:v", "qtrle"), form="mov")
    yield _clip("mov-ffv1", ("-c:v", "ffv1"), form="mov")
    yield _clip("mov-raw", ("-c:v", "rawvideo", "-pix_fmt", "yuyv422"), form="mov")
    yield _clip("mov-h263", ("-c:v", "h263"), size="176x144", form="mov")
    yield _clip(
        "mov-dnxhd",
        ("-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p"),
        size="256x128",
        form="mov",
    )
    yield _clip("mov-vc1-like-msmpeg4", ("-c:v", "msmpeg4v2"), form="mov")


def _shapes() -> Iterator[Recipe]:
    for size in (
        "190x126",
        "64x64",
        "34x34",
        "32x32",
        "30x126",
        "128x30",
        "30x30",
        "16x16",
        "320x192",
        "128x192",
    ):
        yield _clip(f"size-{size}", size=size)
    yield _clip("size-191x127-444", (*_X264, "-pix_fmt", "yuv444p"), size="191x127")
    yield _clip("size-190x126-hevc", _HEVC, size="190x126")
    yield _clip("size-190x126-vp9", _VP9, size="190x126")
    yield _clip("size-2000x64", size="2000x64")
    for frames in (1, 2, 4, 5, 20, 22, 24, 85, 130):
        yield _clip(f"frames-{frames}", frames=frames)
    yield _clip("frames-600", size="64x64", frames=600)
    for codec in ("hevc", "vp9", "mjpeg"):
        yield _clip(f"frames-1-{codec}", _CODECS[codec], frames=1)
    for codec, arguments in (("h264", _X264), ("hevc", _HEVC), ("vp9", _VP9)):
        yield _clip(f"aspect-4-3-{codec}", arguments, "-vf", "setsar=4/3")
    yield _copied("aspect-container", PLAIN, "-aspect", "3:1")
    yield _copied("aspect-container-1-2", PLAIN, "-aspect", "1:2")
    for size in ((128, 96), (190, 127), (96, 128)):
        yield _changed(
            f"aperture-{size[0]}x{size[1]}", PLAIN, bc.with_description_atom(bc.clean_aperture(*size))
        )
    yield _changed("aperture-hevc", "hevc", bc.with_description_atom(bc.clean_aperture(128, 96)))
    yield _changed("aperture-too-large", PLAIN, bc.with_description_atom(bc.clean_aperture(400, 400)))


def _turned() -> Iterator[Recipe]:
    for codec in _CODECS:
        of = PLAIN if codec == "h264" else codec
        for angle in (90, 180, 270, 45):
            yield _copied(f"turned-{angle}-{codec}", of, before=("-display_rotation", str(angle)))
    for name, options in {
        "hflip": ("-display_hflip",),
        "vflip": ("-display_vflip",),
        "transpose": ("-display_rotation", "90", "-display_hflip"),
        "transverse": ("-display_rotation", "270", "-display_hflip"),
        "30": ("-display_rotation", "30"),
        "half-a-degree": ("-display_rotation", "0.5"),
        "89.5": ("-display_rotation", "89.5"),
        "2": ("-display_rotation", "2"),
        "mirrored-45": ("-display_rotation", "45", "-display_vflip"),
    }.items():
        yield _copied(f"turned-{name}", PLAIN, before=options)
    yield _copied(
        "turned-90-fragmented",
        PLAIN,
        "-movflags",
        "frag_keyframe+empty_moov",
        before=("-display_rotation", "90"),
    )
    yield _copied("turned-90-b-frames", "h264-b-frames", before=("-display_rotation", "90"))
    yield _copied("turned-90-aspect", "aspect-4-3-h264", before=("-display_rotation", "90"))
    yield _copied("turned-by-sei", PLAIN, "-bsf:v", "h264_metadata=rotate=90")
    yield _copied("flipped-by-sei", PLAIN, "-bsf:v", "h264_metadata=flip=horizontal")
    yield _changed("turned-movie", PLAIN, bc.patched(b"mvhd", 36, _matrix(0, 1, -1, 0)))
    yield _changed("turned-stretched", PLAIN, bc.patched(b"tkhd", 40, _matrix(2, 0, 0, 1)))
    yield _changed("turned-no-matrix", PLAIN, bc.patched(b"tkhd", 40, _matrix(0, 0, 0, 0)))
    yield _changed("turned-sheared", PLAIN, bc.patched(b"tkhd", 40, _matrix(1, 1, 0, 1)))


def _matrix(a: int, b: int, c: int, d: int) -> bytes:
    rows = (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    return b"".join(value.to_bytes(4, "big", signed=True) for value in rows)


def _times() -> Iterator[Recipe]:
    for timescale in (16, 600, 1000, 30000, 90000, 1000000):
        yield _copied(f"timescale-{timescale}", PLAIN, "-video_track_timescale", str(timescale))
    for rate in ("1", "24000/1001", "30", "60", "240", "1000", "1/2", "12.5"):
        yield _clip(f"rate-{rate.replace('/', '-')}", rate=rate)

    def timed(
        name: str, expression: str, codec: Sequence[str] = _X264, *more: str, frames: int = 21
    ) -> Recipe:
        times = ("-vf", f"settb=1/90000,setpts={expression}", "-fps_mode", "passthrough")
        return _clip(f"times-{name}", codec, *times, "-enc_time_base", "1:90000", *more, frames=frames)

    yield timed("jitter-1-tick", "N*5625+mod(N*7\\,3)-1")
    yield timed("jitter-2-percent", "N*5625+mod(N*7\\,5)*22")
    yield timed("jitter-tenth", "N*5625+mod(N*7\\,5)*140")
    yield timed("jitter-half", "N*5625+mod(N*7\\,5)*600")
    yield timed("pause", "(N+gte(N\\,10)*5)*5625")
    yield timed("pause-long", "(N+gte(N\\,10)*400)*5625")
    yield timed("pause-early", "(N+gte(N\\,1)*3)*5625")
    yield timed("pause-late", "(N+gte(N\\,20)*3)*5625")
    yield timed("burst", "if(lt(N\\,10)\\,N*5625\\,10*5625+(N-10)*500)")
    yield timed("burst-start", "if(lt(N\\,5)\\,N*100\\,N*5625)")
    yield timed("speeding-up", "5625*21*sqrt((N+1)/21)")
    yield timed("film-then-video", "if(lt(N\\,10)\\,N*3750\\,37500+(N-10)*3003)")
    yield timed("two-one", "floor(N/2)*11250+mod(N\\,2)*3750")
    yield timed("alternating", "N*5625+mod(N\\,2)*2000")
    yield timed("start-at-100-s", "9000000+N*5625")
    yield timed("pause-hevc", "(N+gte(N\\,10)*5)*5625", _HEVC)
    yield timed("burst-vp9", "if(lt(N\\,10)\\,N*5625\\,10*5625+(N-10)*500)", _VP9)
    yield timed("pause-b-frames", "(N+gte(N\\,10)*5)*5625", _WITH_B)
    yield timed("burst-30", "if(lt(N\\,10)\\,N*5625\\,10*5625+(N-10)*500)", frames=30)
    for ticks in (10, 20):
        yield _copied(f"timescale-{ticks}", PLAIN, "-video_track_timescale", str(ticks))
        yield _copied(f"timescale-{ticks}-rate-30", "rate-30", "-video_track_timescale", str(ticks))
    for timescale in (600, 1000, 90000):
        yield _copied(
            f"timescale-{timescale}-b-frames", "h264-b-frames", "-video_track_timescale", str(timescale)
        )
        yield _copied(
            f"timescale-{timescale}-film", "rate-24000-1001", "-video_track_timescale", str(timescale)
        )
    for codec in ("hevc", "av1", "vp9"):
        yield _copied(f"times-dropped-{codec}", codec, "-bsf:v", "noise=drop=eq(n\\,10)")
    for name in ("pause", "burst", "two-one"):
        yield _copied(f"times-{name}-fragmented", f"times-{name}", "-movflags", "frag_every_frame+empty_moov")
    yield _changed("times-fewer", PLAIN, bc.number(b"stts", 8, 5))
    yield _changed("times-more", PLAIN, bc.number(b"stts", 8, 50))
    yield _changed("times-none", PLAIN, bc.number(b"stts", 4, 0))
    yield _changed("times-shift-huge", "h264-b-frames", bc.number(b"ctts", 12, 0x7FFFFFFF))
    yield _changed("times-shift-negative", "h264-b-frames", bc.number(b"ctts", 12, 0xFFFFF000))
    for value in (0, 1, 0x7FFFFFFF, 0x80000000):
        yield _changed(f"unit-track-{value}", PLAIN, bc.number(b"mdhd", 12, value))
        yield _changed(f"unit-movie-{value}", PLAIN, bc.number(b"mvhd", 12, value))
    yield _copied("times-dropped-packets", PLAIN, "-bsf:v", "noise=drop=eq(mod(n\\,7)\\,6)")
    yield _copied("times-dropped-last", PLAIN, "-bsf:v", "noise=drop=gte(n\\,17)")
    yield _copied("times-rounded-by-matroska", "other-matroska")
    yield _changed("times-last-very-long", "frames-1", bc.number(b"stts", 12, 0x7FFFFFFF))
    yield _changed("times-all-zero", PLAIN, bc.number(b"stts", 12, 0))
    yield _changed("times-one-tick", PLAIN, bc.number(b"stts", 12, 1))
    yield _changed("times-huge", PLAIN, bc.number(b"stts", 12, 0x0FFFFFFF))


def _edits() -> Iterator[Recipe]:
    yield _copied("edit-offset", PLAIN, before=("-itsoffset", "0.5"))
    yield _copied("edit-offset-b-frames", "h264-b-frames", before=("-itsoffset", "0.5"))
    yield _copied("edit-skips-start", PLAIN, before=("-ss", "0.3"))
    yield _copied("edit-skips-start-b-frames", "h264-b-frames", before=("-ss", "0.3"))
    yield _copied("edit-cut-end", "h264-b-frames", "-t", "0.9")
    yield _copied("edit-none", "h264-b-frames", "-use_editlist", "0")
    yield _copied("edit-negative-offsets", "h264-b-frames", "-movflags", "negative_cts_offsets")
    for name, offset, value in (
        ("starts-late", 12, 3072),
        ("starts-very-late", 12, 20480),
        ("empty", 12, 0xFFFFFFFF),
    ):
        yield _changed(f"edit-{name}", PLAIN, bc.number(b"elst", offset, value))
    for name, value in (("short", 500), ("very-short", 10), ("nothing", 0), ("long", 90000)):
        yield _changed(f"edit-{name}", PLAIN, bc.number(b"elst", 8, value))
    yield _changed("edit-short-b-frames", "h264-b-frames", bc.number(b"elst", 8, 500))
    yield _changed("edit-short-hevc", "hevc", bc.number(b"elst", 8, 500))
    yield _changed("edit-late-vp9", "vp9", bc.number(b"elst", 12, 3072))
    yield _changed("edit-late-30", "frames-85", bc.number(b"elst", 12, 3072))
    for name, edits in {
        "twice": ((600, 0, 1), (600, 0, 1)),
        "middle-left-out": ((313, 0, 1), (313, 12288, 1)),
        "empty-then-all": ((500, -1, 1), (1313, 0, 1)),
        "backwards": ((500, 10240, 1), (500, 0, 1)),
        "dwelling": ((500, 0, 0), (1313, 0, 1)),
        "none": (),
    }.items():
        yield _changed(f"edits-{name}", PLAIN, bc.with_edits(*edits))
        yield _changed(f"edits-{name}-hevc", "hevc", bc.with_edits(*edits))
    yield _changed("edit-rate-2", PLAIN, bc.number(b"elst", 16, 2 << 16))
    yield _changed("edit-rate-0", PLAIN, bc.number(b"elst", 16, 0))


def _layouts() -> Iterator[Recipe]:
    for name, flags in {
        "faststart": "faststart",
        "fragmented": "frag_keyframe+empty_moov",
        "fragment-each": "frag_every_frame+empty_moov",
        "fragmented-base-moof": "frag_keyframe+empty_moov+default_base_moof",
        "fragmented-dash": "dash+frag_keyframe",
        "fragmented-cmaf": "cmaf+frag_keyframe",
        "fragmented-sidx": "frag_keyframe+empty_moov+global_sidx+default_base_moof",
        "fragmented-hybrid": "hybrid_fragmented+frag_every_frame",
        "fragmented-delayed": "frag_keyframe+delay_moov",
        "hinted": "rtphint",
    }.items():
        yield _copied(f"layout-{name}", "h264-b-frames", "-movflags", flags)
    yield _copied("layout-fragmented-hevc", "hevc", "-movflags", "frag_every_frame+empty_moov")
    yield _copied("layout-fragmented-vp9", "vp9", "-movflags", "frag_every_frame+empty_moov")
    yield _copied("layout-room-before", PLAIN, "-moov_size", "9000")
    yield _copied("layout-brand-qt", PLAIN, form="mov")
    yield _copied("layout-timecode", PLAIN, "-timecode", "00:00:00:00", "-write_tmcd", "1")
    yield _copied("layout-metadata", PLAIN, "-metadata", "title=Stream #0:0: Video: odd, 10x10, 5 fps")
    for codec in (PLAIN, "hevc"):
        yield _copied(f"title-{codec}", codec, "-metadata", "title=XXXXXXXX")
        yield _changed(
            f"title-latin-1-{codec}", f"title-{codec}", bc.replaced(b"XXXXXXXX", "Träume!?".encode("latin-1"))
        )
    yield _changed("layout-disabled", PLAIN, bc.number(b"tkhd", 0, 0))
    yield _changed("layout-no-ftyp", "layout-faststart", bc.without(b"ftyp"))
    yield _changed("layout-odd-brand", PLAIN, bc.patched(b"ftyp", 0, b"xxxx"))
    yield _changed("layout-twice", PLAIN, bc.twice)
    yield _changed("layout-rubbish-after", PLAIN, bc.after(b"\x07rubbish" * 9))
    yield _changed("layout-rubbish-before", PLAIN, bc.before(b"\x07rubbish" * 9))
    yield _changed("layout-zeros-after", PLAIN, bc.after(bytes(4096)))
    yield _changed("layout-zeros-before", PLAIN, bc.before(bytes(64)))
    yield _changed("layout-mdat-to-end", "layout-faststart", bc.number(b"mdat", -8, 0))
    yield _changed("layout-mdat-renamed", PLAIN, bc.renamed(b"mdat", b"free"))
    yield _changed("layout-mdat-short", "layout-faststart", bc.number(b"mdat", -8, 1000))


def _streams() -> Iterator[Recipe]:
    clip, sound = "-f lavfi -i testsrc2=s=192x128:r=16", "-f lavfi -i sine=r=16000:d=1.3"
    coded = "-frames:v 21 -c:v libx264 -preset ultrafast -pix_fmt yuv420p"
    yield _made("sound", f"{clip} {sound} {coded} -c:a aac")
    yield _made("sound-first", f"{clip} {sound} -map 1 -map 0 {coded} -c:a aac")
    yield _made("sound-longer", f"{clip} -f lavfi -i sine=r=16000:d=3 {coded} -c:a aac")
    yield _made("sound-opus", f"{clip} {sound} {coded} -c:a libopus -b:a 16k")
    yield _made("sound-only", f"{sound} -c:a aac")

    def both(name: str, first: str, second: str, *more: str, form: str = "mp4") -> Recipe:
        inputs = ("-i", f"{{{first}}}", "-i", f"{{{second}}}", "-map", "0:v", "-map", "1:v")
        return Recipe(name, (*inputs, *_COPY, *more), form)

    yield both("two-alike", PLAIN, "hevc")
    yield both("two-second-larger", PLAIN, "size-320x192")
    yield both("two-second-smaller", "size-320x192", PLAIN)
    default = ("-disposition:v:0", "0", "-disposition:v:1", "default")
    yield both("two-second-default", PLAIN, "size-64x64", *default)
    first = ("-disposition:v:0", "default", "-disposition:v:1", "0")
    yield both("two-first-default", PLAIN, "size-320x192", *first)
    yield both("two-first-shorter", "size-64x64", "frames-5", *default)
    yield both("two-first-longer", "frames-85", "size-320x192", *default)
    yield both("two-first-one-frame", "frames-1", "size-320x192", *default)
    yield _changed("two-first-unknown", "two-alike", bc.replaced(b"avc1", b"zzzz"))
    yield _changed("two-second-unknown", "two-alike", bc.replaced(b"hvc1", b"zzzz"))
    yield _changed("unknown-codec", PLAIN, bc.replaced(b"avc1", b"zzzz"))
    yield _changed("unknown-codec-hevc", "hevc", bc.replaced(b"hvc1", b"zzzz"))
    yield both("two-first-turned", "turned-90-h264", "hevc")
    yield _made("picture-jpeg", "-f lavfi -i testsrc2=s=400x400 -frames:v 1 -c:v mjpeg", "image2")
    yield _made("picture-png", "-f lavfi -i testsrc2=s=400x400 -frames:v 1 -c:v png", "image2")
    cover = ("-disposition:v:1", "attached_pic")
    yield both("cover-jpeg", PLAIN, "picture-jpeg", *cover)
    yield both("cover-png", PLAIN, "picture-png", *cover)
    yield both("cover-hevc", "hevc", "picture-jpeg", *cover)
    yield _changed("cover-before-tracks", "cover-jpeg", bc.moov_order(b"udta"))
    yield _changed("cover-before-tracks-hevc", "cover-hevc", bc.moov_order(b"udta"))
    both_inputs = "-i {sound-only} -i {picture-jpeg} -map 0 -map 1"
    yield _made("cover-and-sound", f"{both_inputs} -c copy -disposition:v:0 attached_pic")
    words = b"1\n00:00:00,000 --> 00:00:01,000\nwords\n"
    yield _changed("subtitles-file", PLAIN, bc.exactly(words))
    inputs = "-i {plain} -f srt -i {subtitles-file} -map 0 -map 1"
    yield _made("subtitles", f"{inputs} -c:v copy -c:s mov_text")
    chapter = b"[CHAPTER]\nTIMEBASE=1/1000\nSTART=%d\nEND=%d\ntitle=one\n"
    chapters = b";FFMETADATA1\n" + chapter % (0, 700) + chapter % (700, 1300)
    yield _changed("chapters-file", PLAIN, bc.exactly(chapters))
    yield _made("chapters", "-i {plain} -f ffmetadata -i {chapters-file} -map 0 -map_metadata 1 -c copy")
    cipher = (
        "-encryption_key 76a6c65c5ea762046bd749a2e632ccbb -encryption_kid a7e61c373e219033c21091fa607bf3b8"
    )
    key = ("-encryption_scheme", "cenc-aes-ctr", *cipher.split())
    yield _copied("encrypted", PLAIN, *key)
    yield _copied("encrypted-hevc", "hevc", *key)
    yield _copied("encrypted-fragmented", PLAIN, *key, "-movflags", "frag_keyframe+empty_moov")


def _key_frames() -> Iterator[Recipe]:
    for codec in ("h264", "hevc", "vp9", "mpeg4", "av1"):
        of = PLAIN if codec == "h264" else codec
        yield _copied(f"no-first-key-{codec}", of, "-bsf:v", "noise=drop=eq(n\\,0)", "-copyinkf")
    yield _copied(
        "no-first-key-fragmented",
        PLAIN,
        "-bsf:v",
        "noise=drop=eq(n\\,0)",
        "-copyinkf",
        "-movflags",
        "frag_every_frame+empty_moov",
    )
    for codec in ("h264", "hevc"):
        yield _copied(f"open-gop-cut-{codec}", f"{codec}-open-gop", before=("-ss", "0.5"))
        more = ("-use_editlist", "0", "-avoid_negative_ts", "make_zero")
        yield _copied(f"open-gop-cut-{codec}-unedited", f"{codec}-open-gop", *more, before=("-ss", "0.5"))
        arguments = {"h264": _OPEN_H264, "hevc": _OPEN_HEVC}[codec]
        yield _clip(f"open-gop-36-{codec}", arguments, frames=36)
        yield _copied(f"open-gop-36-cut-{codec}", f"open-gop-36-{codec}", *more, before=("-ss", "1"))
    yield _clip("mpeg4-36", _MPEG4, "-bf", "2", "-g", "8", frames=36)
    yield _copied("mpeg4-36-cut", "mpeg4-36", "-use_editlist", "0", before=("-ss", "1"))
    yield _copied("open-gop-second", "h264-open-gop", "-copyinkf", before=("-ss", "0.55"))
    yield _changed("key-list-wrong", PLAIN, bc.number(b"stss", 8, 5))
    yield _changed("key-list-none", PLAIN, bc.renamed(b"stss", b"free"))
    yield _changed("key-list-empty", PLAIN, bc.number(b"stss", 4, 0))


def _cut() -> Iterator[Recipe]:
    for share in (0.99, 0.9, 0.75, 0.5, 0.25, 0.12):
        yield _changed(f"cut-{share}", "layout-faststart", bc.cut_to(share))
    for count in (1, 2, 10, 100):
        yield _changed(f"cut-by-{count}", "layout-faststart", bc.cut_by(count))
        yield _changed(f"cut-by-{count}-index-last", PLAIN, bc.cut_by(count))
    yield _changed("cut-within-index", "layout-faststart", bc.cut_within(b"moov"))
    yield _changed("cut-within-last-index", PLAIN, bc.cut_within(b"moov"))
    yield _changed("cut-before-index", PLAIN, bc.cut_within(b"mdat"))
    yield _changed("cut-within-ftyp", PLAIN, bc.cut_within(b"ftyp"))
    for share in (0.9, 0.5, 0.2, 0.05):
        yield _changed(f"cut-{share}-fragments", "layout-fragment-each", bc.cut_to(share))
        yield _changed(f"cut-{share}-hybrid", "layout-fragmented-hybrid", bc.cut_to(share))
    for codec in ("hevc", "av1", "vp9", "mpeg4", "mjpeg"):
        yield _copied(f"faststart-{codec}", codec, "-movflags", "faststart")
        yield _changed(f"cut-0.6-{codec}", f"faststart-{codec}", bc.cut_to(0.6))


def _damaged() -> Iterator[Recipe]:
    for codec in (PLAIN, "hevc", "av1", "vp9", "mpeg4", "mjpeg", "mov-prores", "h264-b-frames", "frames-85"):
        for share in (0.002, 0.1, 0.45, 0.8, 0.995):
            yield _changed(f"flip-{share}-{codec}", codec, bc.flipped_at(share))
    for codec in (PLAIN, "hevc", "vp9"):
        yield _changed(f"zero-middle-{codec}", codec, bc.zeroed(0.4, 0.7))
        yield _changed(f"zero-start-{codec}", codec, bc.zeroed(0, 0.1))
        yield _changed(f"zero-all-{codec}", codec, bc.zeroed(0, 1))
    for kind in (
        b"ftyp",
        b"mvhd",
        b"tkhd",
        b"mdhd",
        b"hdlr",
        b"stsd",
        b"stts",
        b"stss",
        b"stsc",
        b"stsz",
        b"stco",
        b"elst",
    ):
        yield _changed(f"flip-{kind.decode()}", PLAIN, bc.flipped_at(0.5, kind))
        yield _changed(f"gone-{kind.decode()}", PLAIN, bc.renamed(kind, b"free"))
    for codec in (PLAIN, "h264-b-frames", "hevc"):
        for number in range(12):
            share = (number + 0.5) / 12
            yield _changed(f"flip-index-{number}-{codec}", codec, bc.flipped_at(share, b"moov"))
    for number in range(6):
        change = bc.flipped_at((number + 0.5) / 6, b"moof")
        yield _changed(f"flip-fragment-{number}", "layout-fragmented", change)
    yield _changed("flip-ctts", "h264-b-frames", bc.flipped_at(0.5, b"ctts"))
    yield _changed("gone-ctts", "h264-b-frames", bc.renamed(b"ctts", b"free"))
    yield _changed("gone-trak", PLAIN, bc.renamed(b"trak", b"free"))
    yield _changed("size-in-description", PLAIN, bc.patched(b"stsd", 40, b"\0\x40\0\x40"))
    yield _changed("size-in-track", PLAIN, bc.patched(b"tkhd", 76, b"\0\x40\0\0\0\x40\0\0"))
    yield _changed("size-in-description-hevc", "hevc", bc.patched(b"stsd", 40, b"\0\x40\0\x40"))
    yield _changed("size-in-description-vp9", "vp9", bc.patched(b"stsd", 40, b"\0\x40\0\x40"))
    yield _changed("parameter-set", PLAIN, bc.patched(b"stsd", 8 + 86 + 16, b"\xff" * 6))
    yield _changed("parameter-set-none", PLAIN, bc.patched(b"stsd", 8 + 86 + 5, b"\xe0"))
    yield _changed("chunk-far", PLAIN, bc.number(b"stco", 8, 0x7FFFFFFF))
    yield _changed("chunk-shifted", PLAIN, bc.number(b"stco", 8, 50))
    yield _changed("count-large", PLAIN, bc.number(b"stsz", 8, 4000))
    yield _changed("count-small", PLAIN, bc.number(b"stsz", 8, 9))
    yield _changed("sample-empty", PLAIN, bc.number(b"stsz", 12 + 4 * 5, 0))
    yield _changed("sample-longer", PLAIN, bc.number(b"stsz", 12 + 4 * 5, 9000))


def _size_changes() -> Iterator[Recipe]:
    joined = "concat:{part-%s-1}|{part-%s-2}"
    for name, codec, form in (("h264", _X264, "h264"), ("hevc", _HEVC, "hevc"), ("mpeg4", _MPEG4, "m4v")):
        yield _clip(f"part-{name}-1", codec, frames=11, form=form)
        yield _clip(f"part-{name}-2", codec, frames=10, size="128x192", form=form)
        # Parameter sets within the stream change the size; the description has that of the first part.
        yield Recipe(f"changes-{name}", ("-r", "16", "-f", form, "-i", joined % (name, name), *_COPY))
    yield _clip("part-444-1", frames=11, form="h264")
    yield _clip("part-444-2", (*_X264, "-pix_fmt", "yuv444p"), frames=10, form="h264")
    yield Recipe("changes-pixel-format", ("-r", "16", "-f", "h264", "-i", joined % ("444", "444"), *_COPY))
    for codec in ("h264", "vp9", "mjpeg", "av1"):
        yield _clip(f"part-{codec}-a", _CODECS[codec], frames=11)
        yield _clip(f"part-{codec}-b", _CODECS[codec], frames=10, size="128x192")
        files = f"ffconcat version 1.0\nfile part-{codec}-a.mp4\nfile part-{codec}-b.mp4\n"
        yield _changed(f"part-{codec}-list", f"part-{codec}-b", bc.exactly(files.encode()))
        yield Recipe(f"changes-joined-{codec}", ("-f", "concat", "-i", f"{{part-{codec}-list}}", *_COPY))


def _others() -> Iterator[Recipe]:
    for form in ("matroska", "avi", "flv", "mpegts", "h264", "ismv", "3gp", "f4v"):
        yield _copied(f"other-{form}", PLAIN, form=form)
    yield _copied("other-webm", "vp9", form="webm")
    yield _copied("other-ivf", "vp9", form="ivf")
    yield _copied("other-hevc", "hevc", form="hevc")
    yield _clip("other-ogg", ("-c:v", "libtheora"), form="ogg")
    yield _clip("other-wmv", ("-c:v", "wmv2"), form="asf")
    yield _clip("other-mpeg", ("-c:v", "mpeg2video"), rate="25", form="mpeg")
    yield _clip("other-gif", ("-c:v", "gif"), form="gif")
    yield _clip("other-apng", ("-c:v", "apng"), form="apng")
    yield _clip("other-y4m", ("-c:v", "wrapped_avframe", "-pix_fmt", "yuv420p"), form="yuv4mpegpipe")
    yield _clip("other-mxf", ("-c:v", "mpeg2video", "-intra_vlc", "1"), rate="25", form="mxf")
    yield _clip("other-nut", ("-c:v", "mpeg4"), form="nut")
    yield _clip("other-webp", ("-c:v", "libwebp"), frames=1, form="image2")
    yield _clip("other-bmp", ("-c:v", "bmp"), frames=1, form="image2")
    yield Recipe("other-wav", ("-f", "lavfi", "-i", "sine=d=1"), "wav")
    for name, content in {
        "empty": b"",
        "one-byte": b"\0",
        "zeros": bytes(5000),
        "words": b"not a video\n" * 40,
        "html": b"<!DOCTYPE html><html><body>404</body></html>\n",
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n",
        "zip": b"PK\x03\x04" + bytes(300),
        "gzip": gzip.compress(b"a video, once" * 99, mtime=0),
        "list-concat": b"ffconcat version 1.0\nfile plain.mp4\n",
        "list-hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-VERSION:3\n#EXTINF:1.3,\nother-mpegts.mp4\n#EXT-X-ENDLIST\n",
        "subtitles-as-mp4": b"1\n00:00:00,000 --> 00:00:01,000\nwords\n",
    }.items():
        yield _changed(f"no-{name}", PLAIN, bc.exactly(content))


RECIPES: tuple[Recipe, ...] = tuple(
    recipe
    for group in (
        *(_codecs, _shapes, _turned, _times, _edits, _layouts, _streams, _key_frames),
        *(_cut, _damaged, _size_changes, _others),
    )
    for recipe in group()
)
