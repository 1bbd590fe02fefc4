"""No address tells its secret: not in an error, not in a log, not in what is stored of it."""

from __future__ import annotations

import logging

import pytest

from sparkle_curation.datasets import ReleaseDataset
from sparkle_curation.errors import MediaError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.masking import hide, mask_log_records, without_secrets
from sparkle_curation.media.byte_window import BrokenMediaError
from sparkle_curation.media.facts import broken_by
from sparkle_curation.models.questions import Reply, ReplyFault
from sparkle_curation.spec.codes.media_faults import MediaFault

SECRET = "hunter2"  # noqa: S105 -- what must not be seen
ADDRESSES = [
    f"https://me:{SECRET}@host/Sparkle",
    f"https://{SECRET}@host:8080/Sparkle",
    f"s3://AKIA:a/b+{SECRET}/c@bucket/Sparkle",
    f"https://me:p@{SECRET}@host/x",
    f"https://host/Sparkle?token={SECRET}",
    f"https://host/x.tar?X-Amz-Credential=a%2F{SECRET}&X-Amz-Signature={SECRET}",
    f"https://account.blob/x?sv=1&sig={SECRET}",
    f"zip://a.zip::https://me:{SECRET}@host/x?key={SECRET}::s3://k:{SECRET}@bucket",
    f"HTTPSConnectionPool(host='host', port=443): Max retries exceeded with url: /x?a=1&access_token={SECRET} (Caused by",
    f"401, message='no', url='https://host/x?a={SECRET}'",
    f"Authorization: Bearer {SECRET}",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_secret_is_told(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Wherever an address becomes text: errors with all that is read of them, logs, tables, names of datasets."""
    error = MediaError(
        f"No {address}", code="", where=address, got=OSError(address), allowed=address, todo=address
    )
    mask_log_records()
    logging.getLogger("a.library").warning("retrying %s", address)
    texts = [
        without_secrets(f"before {address} after"),
        str(error),
        *map(str, (error.what, error.where, error.got, error.allowed, error.todo)),
        caplog.text,
        *(str(record.__dict__) for record in caplog.records),
        repr(AssetStore(address, "assets.parquet")),
        str(ReleaseDataset(path=address)),
        str(Reply("", fault=ReplyFault.NO_REPLY, detail=address)),
        str(broken_by(BrokenMediaError(MediaFault.UNREADABLE, address))),
    ]
    assert caplog.records
    assert [text for text in texts if SECRET in text] == []
    assert "before" in texts[0]


@pytest.mark.parametrize(
    "text",
    [
        "https://host:8080/Sparkle@v1/x",
        "s3://bucket/theme/a.mp4",
        "What is that? a=b, token=c",
        "me@host:/data",
        "data/what?",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    """A revision in a path is no user, and a question is no query."""
    assert without_secrets(text) == text


def test_a_key_that_a_server_sends_back_is_not_told() -> None:
    """Whatever stands around it; a key too short to be one would be found in words."""
    hide("sk-0123456789")
    hide("a")
    assert without_secrets('401: {"error": "bad key sk-0123456789"}') == '401: {"error": "bad key ***"}'
    assert without_secrets("a word") == "a word"
