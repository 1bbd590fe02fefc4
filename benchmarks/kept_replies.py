"""Times what keeping each answer of a server costs: ``python -m benchmarks.kept_replies``.

A server on loopback answers at once, a request an answer, with a text as long as a judge's; shown are thumbnails: the
most answers a second that this side can take, so the share of keeping is the largest that it can be. Each contender is a
process of its own, in turn: asked with each answer kept beside the journal, and with whole samples in the journal alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from benchmarks.measure import as_table, run_in_turn
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.model_jobs import asking
from sparkle_curation.model_jobs.answer_journal import journal_schema
from sparkle_curation.models.questions import Question, Sampling
from sparkle_curation.models.servers.chat_model import Server, ServerModel

ANSWERS, BATCH = 32, 8
TEXT = json.dumps({"reasoning": "the light of the edit is that of the scene " * 10, "score": [20, 21]})
SCHEMA = journal_schema(place=pa.int32())
PICTURES = tuple(np.full((36, 64, 3), shade, np.uint8) for shade in (10, 20))


class Job(NamedTuple):
    """One sample."""

    key: str
    id: str


def main() -> None:
    """Time the contenders, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kept_replies", description=__doc__)
    parser.add_argument("--samples", type=int, default=80, help="of 32 answers each")
    parser.add_argument("--rounds", type=int, default=5, help="times that each contender runs")
    parser.add_argument("--contender", choices=["not kept", "kept"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        _ask(options.samples, is_kept=options.contender == "kept")
        return
    module = [sys.executable, "-m", "benchmarks.kept_replies", "--samples", str(options.samples)]
    commands = {name: [*module, "--contender", name] for name in ("not kept", "kept")}
    print(as_table(run_in_turn(commands, options.rounds), "not kept"))


def _ask(samples: int, *, is_kept: bool) -> None:
    if not is_kept:
        asking.keeping_replies = lambda *_: nullcontext()  # type: ignore[assignment]
    jobs = pl.DataFrame({KEY: [f"{number:032x}" for number in range(samples)]}).with_columns(
        id=KEY, is_asked=True, error=pl.lit(None, pl.String)
    )
    with _serving() as url, tempfile.TemporaryDirectory(prefix="sparkle-bench-") as folder:
        model = ServerModel(Server(url, "m"), Sampling())

        def function(batch: list[Job]) -> pa.Table:
            questions = [
                Question((*PICTURES, "How good is the edit?"), number).about(job.key)
                for job in batch
                for number in range(ANSWERS)
            ]
            replies = iter(model.ask(questions))
            rows = [
                {
                    KEY: job.key,
                    "answers": [
                        {"place": place, "text": next(replies).text, "tries": 1} for place in range(ANSWERS)
                    ],
                }
                for job in batch
            ]
            return pa.Table.from_pylist(rows, schema=SCHEMA)

        how = asking.AskConfig("answers", "score", None, function, Job, model, BATCH, pl.lit(1))
        model.load()
        start, cpu = time.perf_counter(), time.process_time()
        asking.ask(jobs, how, Journal(Path(folder) / "x.journal", SCHEMA))
        taken, cpu = time.perf_counter() - start, time.process_time() - cpu
    told = {
        "s": taken,
        "answers_s": round(samples * ANSWERS / taken),
        "cpu_ms_an_answer": 1000 * cpu / samples / ANSWERS,
    }
    print(json.dumps(told))


# ------------------------------------------------------------------ the server
class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer

    def do_GET(self) -> None:
        self._send({"data": [{"id": "m"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send({"choices": [{"index": 0, "message": {"content": TEXT}, "finish_reason": "stop"}]})

    def _send(self, told: Any) -> None:
        data = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def _serve(ports: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    ports.send(server.server_port)
    server.serve_forever()


@contextmanager
def _serving() -> Iterator[str]:
    """The address of a server in a process of its own."""
    spawning = get_context("spawn")
    here, there = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}/v1"
    finally:
        process.kill()
        process.join()


if __name__ == "__main__":
    main()
