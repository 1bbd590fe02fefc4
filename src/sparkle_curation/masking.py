"""What may be secret in an address, taken out where the address becomes text: an error, a log, a table, a page.

It stands below all else of the project, so that no error can be made that tells a password.
"""

from __future__ import annotations

import logging
import re

_SHOWN = "***"
_USER = re.compile(r"(?<=://)(?:[^/\s?#'\"<>]*@|[^/\s?#@:'\"<>]*:(?!\d+/)[^\s'\"<>]*@)")
"""User and password; one that holds a slash, as keys of S3 do, is told from a port, which is a number."""
_QUERY = re.compile(r"(?<=\?)(?:(?!::)[^\s'\"<>])+")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:(?!::)[^\s'\"<>])*")
_NAMES = r"[\w.-]*(?:token|signature|secret|passw|pwd|api[-_]?key|access[-_]?key|credential)[\w.-]*|sig"
_MEMBER = re.compile(rf"(?i)([?&;](?:{_NAMES})=)[^&\s'\"<>]+")
"""A member of a query whose address is not before it, as some libraries tell it: ``with url: /a?token=b``."""
_BEARER = re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]+")


_KEYS: set[str] = set()
_SHORTEST_KEY = 6
"""Shorter ones would be found in words; who has such a key has none."""


def hide(secret: str) -> None:
    """From now on the secret is ``***`` wherever ``without_secrets`` meets it: a server may send back what it was sent."""
    if len(secret) >= _SHORTEST_KEY:
        _KEYS.add(secret)


def without_secrets(text: str) -> str:
    """The text with user, password and query of each URL in it as ``***``; other text stays as it is.

    >>> without_secrets("https://me:secret@host:8080/Sparkle?token=secret is a folder")
    'https://***@host:8080/Sparkle?*** is a folder'
    >>> without_secrets("simplecache::s3://key:a/b+c@bucket/x::file://data")
    'simplecache::s3://***@bucket/x::file://data'
    >>> without_secrets("host: max retries exceeded with url: /x?a=1&X-Amz-Signature=0f")
    'host: max retries exceeded with url: /x?a=1&X-Amz-Signature=***'
    >>> without_secrets("data/what? and me@host")
    'data/what? and me@host'
    """
    for key in _KEYS:
        text = text.replace(key, _SHOWN)
    if "://" in text:
        text = _URL.sub(lambda found: _QUERY.sub(_SHOWN, _USER.sub(f"{_SHOWN}@", found[0])), text)
    if "=" in text:
        text = _MEMBER.sub(rf"\1{_SHOWN}", text)
    return _BEARER.sub(rf"\1{_SHOWN}", text) if "earer" in text else text


def mask_log_records() -> None:
    """From now on no record of any logger of this process tells a secret, whoever makes it and wherever it goes."""
    make = logging.getLogRecordFactory()
    if getattr(make, "is_masking", False):
        return

    def masked(*args: object, **options: object) -> logging.LogRecord:
        record = make(*args, **options)
        try:
            told = record.getMessage()
        except (TypeError, ValueError):  # the handler says so
            return record
        if (shown := without_secrets(told)) != told:
            record.msg, record.args = shown, None
        return record

    masked.is_masking = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(masked)
