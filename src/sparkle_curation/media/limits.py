"""How large a file's claims may be: nothing of a claimed size is taken before it is compared with these."""

from __future__ import annotations

MAX_DECODED_PIXELS = 1 << 26
"""Most pixels of a picture that is decoded, 8192x8192: a header of 30 bytes may claim a thousand times as many."""

MAX_MASK_PIXELS = 1 << 30
"""Most pixels of all frames of a mask together, a gigabyte of memory; the longest published, 81 frames of 1280x720, have
a fourteenth."""
