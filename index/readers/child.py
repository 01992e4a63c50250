"""The process that parses: requests in over a pipe, one reply each, until the pipe is closed.

Runs as ``python -m index.readers.child <file descriptor> <bytes of memory> <seconds of processor time per file>``. What
a file does to it (memory, time, a crash in a parser) happens here and not in the process that owns the index.
"""

import resource
import signal
import sys
from multiprocessing.connection import Connection

import msgspec

from index.errors import UnreadableFileError
from index.languages import decide
from index.readers.read import read_article
from index.readers.wire import Reply, Request
from index.records import Article


def serve(pipe: Connection, memory_bytes: int, seconds: float) -> None:
    """Answers until the other end is closed."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    decide(path_lang=None, declared=None, text="The first detection loads the language models.")
    pipe.send_bytes(msgspec.msgpack.encode(Reply()))
    while True:
        try:
            received = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send_bytes(_reply_in_time(received, seconds))


def _reply_in_time(received: bytes, seconds: float) -> bytes:
    """The process dies of SIGPROF when that takes more processor time; waiting for some costs nothing."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    reply = msgspec.msgpack.encode(reply_to(msgspec.msgpack.decode(received, type=Request)))
    signal.setitimer(signal.ITIMER_PROF, 0)
    return reply


def reply_to(request: Request) -> Reply:
    """Never raises: a fault of ours in one file must not lose the others."""
    try:
        found = read_article(request.path, request.data, today=request.today, site_url=request.site_url)
    except UnreadableFileError as exc:
        return Reply(failed=str(exc))
    except MemoryError:
        return Reply(failed="Parsing the file takes too much memory; split or simplify it.")
    except Exception as exc:
        return Reply(failed=f"The file cannot be parsed ({type(exc).__name__}: {exc}).")
    return Reply(article=found) if isinstance(found, Article) else Reply(skipped=found)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3]))
