"""What holds the composed stack to its promises: readers that ask again, and who fails when."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from evals.stack import crowd, sending
from evals.stack.programs import Program, free_port
from evals.stack.sending import Failure, Log, Reader


@contextmanager
def answering(statuses: list[int]) -> Iterator[str]:
    """A service that answers with these statuses, then with the last of them; 0 breaks the connection."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            self.close_connection = True

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def log() -> Log:
    return Log()


@contextmanager
def reading(url: str, log: Log) -> Iterator[Reader]:
    reader = Reader(url, "10.0.0.1", log)
    yield reader
    reader.close()


def test_a_reader_asks_again_after_what_may_pass_and_tells_each_failure(log: Log) -> None:
    with answering([503, 0, 502, 200]) as url, reading(url, log) as reader:
        assert reader.send("GET", "/").status_code == 200
    assert [failure.what for failure in log.failures] == [
        "GET /: 503",
        "GET /: RemoteProtocolError",
        "GET /: 502",
    ]
    assert log.requests == 1
    assert reader.asked_again


@pytest.mark.parametrize("status", [404, 429, 500, 504])
def test_any_other_answer_is_the_answer(status: int, log: Log) -> None:
    with answering([status, 200]) as url, reading(url, log) as reader:
        assert reader.send("GET", "/").status_code == status
    assert log.failures == []
    assert not reader.asked_again


def test_a_reader_gives_up_on_what_does_not_pass(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE_S", 0.2)
    with reading(f"http://127.0.0.1:{free_port()}", log) as reader, pytest.raises(RuntimeError, match="ConnectError"):
        reader.send("GET", "/")


def test_a_failure_in_the_second_of_the_kill_is_none_that_counts() -> None:
    failures = [Failure(at=100.9, what="POST /v1/chat: 502"), Failure(at=101.1, what="x: 503")]
    told, late, named = crowd._failures(failures, killed_at=100.0)
    assert told.measured == "2 (502, 503)"
    assert (late.measured, late.met) == ("1", False)
    assert (named.measured, named.met) == ("x: 503 after 1.10 s", False)


def test_a_program_that_ends_is_told_with_what_it_said(tmp_path: Path) -> None:
    program = Program("sh", ["sh", "-c", "echo no such setting; exit 3"], tmp_path)
    program.start()
    with pytest.raises(RuntimeError, match="no such setting"):
        program.wait_until(lambda: False, within_s=20)


def test_a_killed_program_can_be_started_again(tmp_path: Path) -> None:
    program = Program("sleep", ["sleep", "60"], tmp_path)
    program.start()
    first = program.pid
    program.kill()
    program.start()
    assert program.pid != first
    program.stop()
    program.stop()
