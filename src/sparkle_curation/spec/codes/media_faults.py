"""Why a media file is broken: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class MediaFault(Code):
    """An error code of the table ``media``."""

    # any file
    MISSING = "missing", "The file was there when the assets were listed, and is not any more."
    UNREADABLE = "unreadable", "The system could not read the file; it is tried again with the next run."
    EMPTY = "empty", "The file has no bytes."
    TRUNCATED = "truncated", "The file ends before its content does."
    BAD_STRUCTURE = "bad_structure", "The file's own index contradicts itself."
    UNDECODABLE = "undecodable", "The content cannot be decoded."
    BAD_CHECKSUM = (
        "bad_checksum",
        "The bytes are not those whose checksum the file carries; seen with `decode`.",
    )
    # videos
    NOT_MP4 = "not_mp4", "The file is not an mp4, nor anything else that FFmpeg knows."
    OTHER_CONTAINER = (
        "other_container",
        "The file is another container or a picture under the name of an mp4; FFmpeg reads it all the same.",
    )
    NO_INDEX = "no_index", "The mp4 ends before its index, or has none, so no reader finds a frame."
    NO_VIDEO_TRACK = "no_video_track", "The mp4 has no video track."
    NO_FRAMES = "no_frames", "The video has no frame."
    STARTS_WITHIN = (
        "starts_within",
        "The video does not begin with a key frame, so its first frames cannot be decoded.",
    )
    ENCRYPTED = "encrypted", "The video is encrypted."
    STRAY_SAMPLES = (
        "stray_samples",
        "Samples lie outside of the mp4's payload, or do not fill it: sizes or places in the index are wrong.",
    )
    ODD_ANGLE = (
        "odd_angle",
        "The video is to be turned by an angle that is no quarter; the loader reads some of these and fails at others.",
    )
    CROPPED = (
        "cropped",
        "The mp4 asks for a part of its pictures to be shown (atom clap), which some versions of FFmpeg do and some do not.",
    )
    ANOTHER_COUNTED = (
        "another_counted",
        "The mp4 has video streams of different lengths; the loader counts the frames of the first and reads another.",
    )
    DAMAGED_FRAMES = (
        "damaged_frames",
        "FFmpeg marks a decoded frame as damaged, or conceals an error; seen with `decode`.",
    )
    SIZE_CHANGES = "size_changes", "Frames of the video differ in size or pixel format; seen with `decode`."
    FRAMES_DIFFER = (
        "frames_differ",
        "The video decodes to another number of frames than its index has; seen with `decode`.",
    )
    # images
    NOT_PNG = "not_png", "The file is not a PNG."
    # masks
    NOT_NPZ = "not_npz", "The file is not a zip archive."
    NO_MASK = "no_mask", "The archive has no arrays `mask` and `shape` of the published types."
    MASK_LENGTH = "mask_length", "The packed mask has another length than its shape takes."
