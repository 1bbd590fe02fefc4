"""Any asset is read from its shard or file, wherever the release lies; a changed release gives errors, not bytes."""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import random
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import fsspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.ingest.local_servers import PlainHandler, RangeHandler, serving
from tests.made.assets import SHARD, VIDEO, TarFormat, ingested, sample, tar_bytes, write_files

from sparkle_curation.errors import AssetError, MissingTableError, ReleaseError
from sparkle_curation.ingest import release_files
from sparkle_curation.ingest.assets.index import AssetIndex, index_assets
from sparkle_curation.ingest.assets.listing import ASSET_SCHEMA
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.ingest.remote_files import RemoteAccess
from sparkle_curation.spec.layout import ASSET_KINDS, asset_path, parse_asset_path
from sparkle_curation.spec.themes import THEMES

MASK = "intermediate_data/time/source_video_mask/Sparkle_time_{:06d}.npz".format
MASK_SHARD = "intermediate_data/time_source_video_mask_part00.tar"
CONTENTS = {number: bytes([number]) * (700 + number) for number in range(1, 6)}
"""Content of the source video of each sample."""


def shard(*numbers: int, tar_format: TarFormat = tarfile.PAX_FORMAT, prefix: str = "") -> bytes:
    """A shard of the source videos of some samples."""
    members = [(prefix + VIDEO(number), CONTENTS[number]) for number in numbers]
    return tar_bytes(members, tar_format)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A release with two shards of source videos, one of masks, and a loose video that is in a shard too."""
    contents = {
        SHARD(0): shard(3, 1),
        SHARD(1): shard(2, 3),
        VIDEO(1): b"the loose copy",
        VIDEO(4): CONTENTS[4],
        MASK_SHARD: tar_bytes([("time/source_video_mask/Sparkle_time_000001.npz", b"mask")]),
    }
    write_files(tmp_path / "release", contents)
    return tmp_path / "release"


@pytest.fixture
def store(root: Path, tmp_path: Path) -> AssetStore:
    """The store of that release."""
    return ingested(root, tmp_path)


def read(store: AssetStore, number: int, kind: str = "source_video") -> bytes:
    """All bytes of an asset."""
    return store.read(store.find(sample(number), kind))


# ------------------------------------------------------------------ looking up
def test_every_asset_of_the_sample_release_is_found_and_read(sample_release: Path, tmp_path: Path) -> None:
    """The place of each is that of the table, and its bytes are those of the tar or the file."""
    store = ingested(sample_release, tmp_path)
    assets = pl.read_parquet(tmp_path / "assets.parquet")
    assert assets["container"].null_count() > 0
    for row in assets.select("id", "kind", "container", "path", "offset", "size").iter_rows():
        sample_id, kind, container, path, *_ = row
        assert store.has(sample_id, kind)
        assert store.find(sample_id, kind) == row
        expected = (sample_release / path).read_bytes() if container is None else None
        if container is not None:
            with tarfile.open(sample_release / container) as tar:
                found = tar.extractfile(path.removeprefix("intermediate_data/"))
                expected = found.read() if found else b""
        assert store.read(store.find(sample_id, kind)) == expected


def test_the_loose_copy_is_taken_else_the_first_shard(store: AssetStore) -> None:
    """Sample 1 is loose and in a shard, sample 3 in two shards."""
    assert store.find(sample(1), "source_video") == (
        sample(1),
        "source_video",
        None,
        VIDEO(1),
        0,
        len(b"the loose copy"),
    )
    assert read(store, 1) == b"the loose copy"
    assert store.find(sample(3), "source_video").container == SHARD(0)
    assert store.find(sample(2), "source_video").container == SHARD(1)


def test_an_intermediate_is_found_under_its_path_from_the_root(store: AssetStore) -> None:
    """In the tar it has no `intermediate_data/` before it."""
    asset = store.find(sample(1), "source_video_mask")
    assert (asset.path, asset.container) == (MASK(1), MASK_SHARD)
    assert store.read(asset) == b"mask"


@pytest.mark.parametrize(
    ("sample_id", "kind", "what", "allowed"),
    [
        (
            sample(1),
            "edited_video",
            "The release has no such asset",
            "source_video, source_video_mask of this sample",
        ),
        (sample(9), "source_video", "The release has no such asset", "no asset of this sample is there"),
        (sample(1), "source_vidio", "There is no such kind of asset", "did you mean 'source_video'?"),
        ("time_1", "source_video", "An asset is asked for by what is no sample id", None),
    ],
)
def test_an_absent_asset_is_an_error_that_says_what_there_is(
    store: AssetStore, sample_id: str, kind: str, what: str, allowed: str | None
) -> None:
    """The kinds that the sample has, or that neither sample nor kind can be."""
    assert not store.has(sample_id, kind)
    with pytest.raises(AssetError, match=what) as caught:
        store.find(sample_id, kind)
    assert allowed is None or caught.value.allowed == allowed


def test_a_release_without_assets_has_none(tmp_path: Path) -> None:
    """An empty table is an answer."""
    (tmp_path / "release").mkdir()
    assert not ingested(tmp_path / "release", tmp_path).has(sample(1), "source_video")


def test_a_table_that_was_never_made_says_so(root: Path, tmp_path: Path) -> None:
    """Only when an asset is looked up: a store is made before its table may be there."""
    store = AssetStore(str(root), tmp_path / "nowhere.parquet")
    with pytest.raises(MissingTableError, match="--pipelines ingest"):
        store.has(sample(1), "source_video")


def test_another_table_is_read_anew(root: Path, tmp_path: Path) -> None:
    """A second store of the same path sees what was ingested in between."""
    assert not ingested(root, tmp_path).has(sample(5), "source_video")
    write_files(root, {VIDEO(5): CONTENTS[5]})
    assert read(ingested(root, tmp_path), 5) == CONTENTS[5]


_COPIES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["source_video", "edited_video", "source_video_mask"]),
        st.sampled_from(["time", "style"]),
        st.sampled_from([None, "b_part00.tar", "a_part01.tar", "a_part10.tar"]),
    ),
    unique=True,
)


def frame_of(copies: list[tuple[int, str, str, str | None]]) -> pl.DataFrame:
    """A table of assets; each row has an offset of its own."""
    rows = []
    for place, (number, kind, theme, container) in enumerate(copies):
        sample_id = f"Sparkle_{theme}_{number:06d}"
        path = asset_path(theme, kind, sample_id)
        rows.append((sample_id, theme, kind, container, path, place, 100 + place))
    schema = pl.DataFrame(pl.from_arrow(ASSET_SCHEMA.empty_table())).schema
    return pl.DataFrame(rows, schema=schema, orient="row")


def index_of(frame: pl.DataFrame) -> AssetIndex:
    """The index of a table, whose repeated texts come as they come from Parquet: as dictionaries."""
    table = frame.to_arrow().cast(ASSET_SCHEMA)
    for name in ("theme", "kind", "container"):
        table = table.set_column(table.schema.get_field_index(name), name, table[name].dictionary_encode())
    return index_assets(table.to_batches(max_chunksize=3))


@given(copies=_COPIES, order=st.randoms())
@settings(max_examples=60)
def test_store_and_frames_choose_the_same_copy(
    copies: list[tuple[int, str, str, str | None]], order: random.Random
) -> None:
    """One row per sample and kind, whatever the order of the table, and the one that the index has."""
    frame = frame_of(copies)
    chosen = prefer_loose(frame)
    assert_frame_equal(prefer_loose(frame.lazy()).collect(), chosen)
    assert_frame_equal(frame.join(chosen, on="offset", how="semi", maintain_order="left"), chosen)
    assert chosen.select("id", "kind").is_unique().all()
    assert chosen.height == frame.select("id", "kind").unique().height

    shuffled = frame.sample(fraction=1, shuffle=True, seed=order.randrange(1000))
    index = index_of(shuffled)
    for row in chosen.select("id", "kind", "container", "path", "offset", "size").iter_rows():
        assert index.find(row[0], row[1]) == row


def test_a_key_is_of_one_asset_alone() -> None:
    """First and last sample of each theme and each kind have keys of their own."""
    copies = [
        (number, kind, theme, None) for number in (0, 999_999) for theme in THEMES for kind in ASSET_KINDS
    ]
    index = index_of(frame_of(copies))
    assert len(index.keys) == len(copies)
    found = [index.find(f"Sparkle_{theme}_{number:06d}", kind) for number, kind, theme, _ in copies]
    assert [asset.offset for asset in found if asset] == list(range(len(copies)))


# ------------------------------------------------------------------ reading
@pytest.mark.parametrize(
    ("tar_format", "prefix"),
    [
        *((tarfile.USTAR_FORMAT, "./" * count) for count in (0, 1, 60)),
        *((tarfile.GNU_FORMAT, "./" * count) for count in (0, 1, 60, 300)),
        *((tarfile.PAX_FORMAT, "./" * count) for count in (0, 1, 60, 300)),
    ],
    ids=lambda value: str(value if isinstance(value, int) else len(value)),
)
def test_members_under_long_names_are_read(tmp_path: Path, tar_format: TarFormat, prefix: str) -> None:
    """A long name stands in extended headers, and the header before the content has a part of it."""
    write_files(tmp_path / "release", {SHARD(0): shard(1, 2, tar_format=tar_format, prefix=prefix)})
    store = ingested(tmp_path / "release", tmp_path)
    assert [read(store, number) for number in (1, 2)] == [CONTENTS[1], CONTENTS[2]]


def test_members_with_pax_headers_are_read(tmp_path: Path) -> None:
    """A time with fractions, a comment, and a size that the plain header does not have: files over 8 GiB have it so."""
    content = b"x" * 2000
    pax = {"comment": "c" * 700, "size": str(len(content))}
    data = tar_bytes([(VIDEO(1), content)], mtime=1767225600.25, pax_headers=pax)
    start = data.index(content) - 512
    header = data[start : start + 124] + b"%011o\0" % 0 + data[start + 136 : start + 512]
    checksum = b"%06o\0 " % (sum(header) - sum(header[148:156]) + 256)
    data = data[:start] + header[:148] + checksum + header[156:] + data[start + 512 :]
    write_files(tmp_path / "release", {SHARD(0): data})
    store = ingested(tmp_path / "release", tmp_path)
    asset = store.find(sample(1), "source_video")
    assert (asset.offset, asset.size) == (start + 512, 2000)
    assert store.read(asset) == content


@given(st.lists(st.tuples(st.sampled_from(["read", "seek", "end"]), st.integers(0, 900)), max_size=8))
@settings(max_examples=60)
def test_an_opened_asset_is_a_file_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Reading and seeking give what they give on the same bytes in memory, at its ends too."""
    folder = tmp_path_factory.getbasetemp() / "own_file"
    if not folder.exists():
        write_files(folder / "release", {SHARD(0): shard(1, 2, 3)})
        ingested(folder / "release", folder)
    store = AssetStore(str(folder / "release"), folder / "assets.parquet")
    with store.open(store.find(sample(2), "source_video")) as file, io.BytesIO(CONTENTS[2]) as plain:
        assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
        for step, number in steps:
            if step == "read":
                assert file.read(number) == plain.read(number)
            elif step == "seek":
                assert file.seek(number) == plain.seek(number)
            else:
                assert file.seek(-min(number, 702), io.SEEK_END) == plain.seek(-min(number, 702), io.SEEK_END)
            assert file.tell() == plain.tell()
        assert file.read() == plain.read()


def test_a_part_of_an_asset_is_read(store: AssetStore) -> None:
    """Fewer bytes at its end, then none: never those of the next member."""
    asset = store.find(sample(3), "source_video")
    content = CONTENTS[3]
    for offset, length in ((0, 5), (10, 7), (len(content) - 3, 10), (len(content), 1), (10_000, 1), (0, 0)):
        assert store.read_at(asset, offset, length) == content[offset : offset + length]
    with pytest.raises(ValueError, match="0 and more"):
        store.read_at(asset, -1, 5)


def test_an_empty_asset_is_read(tmp_path: Path) -> None:
    """Loose and in a shard."""
    write_files(tmp_path / "release", {SHARD(0): tar_bytes([(VIDEO(1), b"")]), VIDEO(2): b""})
    store = ingested(tmp_path / "release", tmp_path)
    for number in (1, 2):
        assert read(store, number) == b""
        with store.open(store.find(sample(number), "source_video")) as file:
            assert file.read() == b""


def test_a_closed_asset_lets_its_file_go(store: AssetStore) -> None:
    """A loop over a million assets must not run out of handles."""
    handles = Path("/proc/self/fd")
    if not handles.is_dir():
        pytest.skip("the system does not list the open files of a process")
    before = len([*handles.iterdir()])
    for number in (1, 2, 3, 4) * 3:
        with store.open(store.find(sample(number), "source_video")) as file:
            file.read(1)
        read(store, number)
    assert len([*handles.iterdir()]) == before


# ------------------------------------------------------------------ the release changes after it was ingested
def swap_members(root: Path) -> None:
    """The same members in another order."""
    (root / SHARD(0)).write_bytes(shard(1, 3))


def put_another_sample(root: Path) -> None:
    """Another sample of the same length."""
    (root / SHARD(0)).write_bytes(tar_bytes([(VIDEO(4), b"?" * len(CONTENTS[3]))]))


def put_another_length(root: Path) -> None:
    """The same sample, a byte shorter: its header stands at the same place."""
    (root / SHARD(0)).write_bytes(tar_bytes([(VIDEO(3), b"?" * (len(CONTENTS[3]) - 1))]))


def put_a_link(root: Path) -> None:
    """A link of the same name."""
    (root / SHARD(0)).write_bytes(
        tar_bytes([(VIDEO(3), b"")], type=tarfile.SYMTYPE, linkname="x") + b"?" * 9999
    )


def put_no_tar(root: Path) -> None:
    """Bytes that are no tar."""
    (root / SHARD(0)).write_bytes(b"?" * 20_000)


def put_zeros(root: Path) -> None:
    """What a download that was given its length beforehand leaves."""
    (root / SHARD(0)).write_bytes(bytes(20_000))


def cut_within_the_asset(root: Path) -> None:
    """A download that ended too soon."""
    os.truncate(root / SHARD(0), 512 + 100)


def cut_before_the_asset(root: Path) -> None:
    """One that ended much too soon."""
    os.truncate(root / SHARD(0), 100)


def remove_it(root: Path) -> None:
    """No file."""
    (root / SHARD(0)).unlink()


CHANGES = [
    swap_members,
    put_another_sample,
    put_another_length,
    put_a_link,
    put_no_tar,
    put_zeros,
    cut_within_the_asset,
    cut_before_the_asset,
    remove_it,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_shard_gives_an_error_and_no_bytes(
    store: AssetStore, root: Path, change: Callable[[Path], None]
) -> None:
    """Reading, opening and reading a part all say to ingest again; after that the store is right again."""
    asset = store.find(sample(3), "source_video")
    assert store.read(asset) == CONTENTS[3]
    change(root)
    with pytest.raises(AssetError, match="ingest again"):
        store.read(asset)
    with pytest.raises(AssetError, match="ingest again"):
        store.open(asset).read()
    with pytest.raises(AssetError, match="ingest again"):
        store.read_at(asset, 600, 103)
    again = ingested(root, Path(store.assets_path).parent)
    assert read(again, 2) == CONTENTS[2]


@given(numbers=st.permutations(range(1, 6)), data=st.data())
@settings(max_examples=40)
def test_no_shard_gives_another_samples_bytes(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], data: st.DataObject
) -> None:
    """Whatever shard of whatever format takes its place, an asset is right or an error."""
    folder = tmp_path_factory.mktemp("changed")
    first, second = (
        shard(
            *kept,
            tar_format=data.draw(st.sampled_from([0, 1, 2])),
            prefix="./" * data.draw(st.integers(0, 60)),
        )
        for kept in (numbers, data.draw(st.lists(st.integers(1, 5), unique=True)))
    )
    write_files(folder / "release", {SHARD(0): first})
    store = ingested(folder / "release", folder)
    assert all(read(store, number) == CONTENTS[number] for number in numbers)
    (folder / "release" / SHARD(0)).write_bytes(second)
    for number in numbers:
        try:
            found = read(store, number)
        except AssetError:
            continue
        assert found == CONTENTS[number]


@pytest.mark.parametrize("content", [b"shorter", b"longer than it was", None], ids=str)
def test_a_changed_loose_file_gives_an_error(store: AssetStore, root: Path, content: bytes | None) -> None:
    """Another length or no file; a change that keeps the length cannot be seen."""
    asset = store.find(sample(1), "source_video")
    if content is None:
        (root / VIDEO(1)).unlink()
    else:
        (root / VIDEO(1)).write_bytes(content)
    for look in (store.read, store.open):
        with pytest.raises(AssetError, match="ingest again"):
            look(asset)


def test_a_file_that_is_cut_while_open_gives_an_error(store: AssetStore, root: Path) -> None:
    """Never fewer bytes than the asset has, as if that were its end."""
    os.truncate(root / VIDEO(4), 0)
    (root / VIDEO(4)).write_bytes(big := bytes(1 << 20))
    store = ingested(root, Path(store.assets_path).parent)
    with store.open(store.find(sample(4), "source_video")) as file:
        assert file.read(10) == big[:10]
        os.truncate(root / VIDEO(4), 1 << 18)
        with pytest.raises(AssetError, match="is cut"):
            file.read()


def test_a_file_that_the_system_does_not_read_is_an_error(store: AssetStore, root: Path) -> None:
    """A folder in the place of a shard; the system's own word is told."""
    (root / SHARD(0)).unlink()
    (root / SHARD(0)).mkdir()
    with pytest.raises(AssetError, match="cannot be read") as caught:
        read(store, 3)
    assert caught.value.got == "Is a directory"


# ------------------------------------------------------------------ other file systems
def test_assets_are_read_over_http(root: Path, tmp_path: Path) -> None:
    """With one request for the header and the content together."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    gets: list[str] = []

    class Handler(RangeHandler):
        def do_GET(self) -> None:  # noqa: N802 -- the name is the base class's
            gets.append(self.path)
            super().do_GET()

    local = ingested(root, tmp_path)
    with serving(root, Handler) as url:
        store = AssetStore(url, local.assets_path)
        store.has(sample(1), "source_video")
        for number in (1, 2, 3, 4):
            asset = store.find(sample(number), "source_video")
            gets.clear()
            assert store.read(asset) == local.read(asset)
            assert len([path for path in gets if path != "/"]) <= (1 if asset.container else 2)
            with store.open(asset) as file:
                file.seek(3)
                assert file.read() == local.read(asset)[3:]
        os.truncate(root / SHARD(0), 600)
        with pytest.raises(AssetError, match="is cut"):
            read(store, 3)


def test_a_server_without_ranges_is_named_as_the_cause(root: Path, tmp_path: Path) -> None:
    """It sends the tar from its start."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    table = ingested(root, tmp_path).assets_path
    with serving(root, PlainHandler) as url, pytest.raises(ReleaseError, match="does not send the part"):
        read(AssetStore(url, table), 3)


@pytest.fixture
def memory_root(root: Path) -> Iterator[str]:
    """The release behind fsspec."""
    memory = fsspec.filesystem("memory")
    memory.put(str(root), "/sparkle_asset_store", recursive=True)
    yield "memory://sparkle_asset_store"
    memory.rm("/sparkle_asset_store", recursive=True)


def test_assets_are_read_through_fsspec(memory_root: str, tmp_path: Path) -> None:
    """As from a local folder; a shard that changes there is noticed too."""
    store = ingested(memory_root, tmp_path)
    assert [read(store, number) for number in (1, 2, 3, 4)] == [
        b"the loose copy",
        *map(CONTENTS.get, (2, 3, 4)),
    ]
    fsspec.filesystem("memory").pipe("/sparkle_asset_store/" + SHARD(1), shard(3, 2))
    with pytest.raises(AssetError, match="not the one that was ingested"):
        read(store, 2)
    fsspec.filesystem("memory").rm("/sparkle_asset_store/" + SHARD(1))
    with pytest.raises(AssetError, match="not there any more"):
        read(store, 2)


# ------------------------------------------------------------------ processes and threads
def test_a_store_travels_as_two_strings(store: AssetStore) -> None:
    """Whatever it has opened stays here: a task that carries it is small."""
    read(store, 1)
    travelling = pickle.dumps(store)
    assert len(travelling) < 400
    assert read(pickle.loads(travelling), 1) == b"the loose copy"  # noqa: S301 -- our own, of the line above


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_share_a_store(store: AssetStore, method: str) -> None:
    """Each opens the release for itself."""
    read(store, 1)
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        found = list(pool.map(partial(read, store), (1, 2, 3, 4)))
    assert found == [b"the loose copy", CONTENTS[2], CONTENTS[3], CONTENTS[4]]


def test_a_forked_process_opens_the_release_anew(store: AssetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to a server are not shared with the parent."""
    opened: list[str] = []

    class Noted(release_files.ReleaseFiles):
        def __init__(self, root: str, access: RemoteAccess) -> None:
            opened.append(root)
            super().__init__(root, access=access)

    monkeypatch.setattr("sparkle_curation.ingest.assets.store.ReleaseFiles", Noted)
    read(store, 1)
    read(store, 2)
    assert len(opened) == 1
    monkeypatch.setattr(os, "getpid", lambda: 1)
    read(store, 3)
    assert len(opened) == 2


def test_threads_share_a_store(store: AssetStore) -> None:
    """Many at once, from the first use on, each asset right."""
    barrier = threading.Barrier(4)

    def reads(number: int) -> bool:
        barrier.wait()
        expected = {1: b"the loose copy", **{other: CONTENTS[other] for other in (2, 3, 4)}}
        return all(read(store, number) == expected[number] for _ in range(50))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(reads, (1, 2, 3, 4)))


def test_the_path_of_an_asset_is_that_of_the_layout(sample_release: Path, tmp_path: Path) -> None:
    """Which is why the index need not keep it."""
    ingested(sample_release, tmp_path)
    paths = pl.read_parquet(tmp_path / "assets.parquet").select("path", "id", "kind")
    for path, sample_id, kind in paths.iter_rows():
        name = parse_asset_path(path)
        assert name is not None
        assert (name.id, name.kind) == (sample_id, kind)


def test_opening_an_asset_loads_little(store: AssetStore) -> None:
    """Each worker process does it again; pandas, which pyarrow would load for an array, takes longer than all else."""
    code = (
        "import sys; from sparkle_curation.ingest.assets.store import AssetStore; "
        f"store = {store!r}; print(len(store.read(store.find({sample(2)!r}, 'source_video')))); "
        "print(sorted({'pandas', 'polars', 'av', 'PIL', 'kedro'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines() == [str(len(CONTENTS[2])), "[]"]
