"""``python -m evals.torture.privacy``: what readers say is neither logged nor left behind when it is erased.

In: the sample articles. A service with every log at INFO is asked 100 questions with a canary in each, judged with
canaries, and sent bad requests, wrong keys and headers with more of them, while its LLM does not answer. Then half of
the conversations are deleted over HTTP and half with ``kilde erase``, beside the running service. Out: a table of what
was found in logs, data folder and temporary files.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import msgspec

from evals.benchmarks.machine import ARTICLES, describe, kilde_environment
from evals.benchmarks.table import Row, exactly, markdown
from evals.torture.canaries import canaries, hits
from evals.torture.starting import COMMAND, Started

COUNT = 100
SECRETS = ("KILDE_ADMIN_KEY", "KILDE_LLM_API_KEY", "KILDE_SLACK_BOT_TOKEN", "KILDE_SLACK_SIGNING_SECRET")
NOBODY = "http://127.0.0.1:9"


class Told(msgspec.Struct, frozen=True):
    """What the service was told."""

    questions: tuple[str, ...]
    comments: tuple[str, ...]
    hostile: tuple[str, ...]
    """In bad requests, paths, headers and wrong keys: nothing of these is to be kept at all."""
    secrets: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.questions, *self.comments, *self.hostile, *self.secrets)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kilde-privacy-") as scratch:
        rows = list(torture(Path(scratch), ["--ingest", str(ARTICLES)], COUNT))
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


def torture(scratch: Path, options: Sequence[str], count: int, command: Sequence[str] = COMMAND) -> Iterator[Row]:
    """``command``: of the service; ``kilde erase`` is always Kilde's own."""
    data, temporary = scratch / "data", scratch / "tmp"
    data.mkdir()
    temporary.mkdir()
    told = Told(canaries(count), canaries(count), canaries(count), canaries(len(SECRETS)))
    environment = {
        **{name: f"xoxb-{secret}" for name, secret in zip(SECRETS, told.secrets, strict=True)},
        "KILDE_SLACK_API_URL": f"{NOBODY}/",
        "KILDE_LLM_BASE_URL": NOBODY,
        "KILDE_LLM_MODEL": "none",
        "TMPDIR": str(temporary),
    }
    with Started(data, options, environment, command) as service:
        ids = [_converse(service.client, *said) for said in zip(told.questions, told.comments, strict=True)]
        _offend(service.client, told)
        before = _found((*told.questions, *told.comments), [data])
        yield Row("canaries in the data folder before the erasure", str(before), str(2 * count), before == 2 * count)
        _erase(service.client, data, ids)
        folders = [data, temporary]
        yield exactly("questions and comments in the data folder and temporary files", _found(told.all, folders))
        yield exactly("ids of conversations there", _found([one for one in ids if one], folders))
        printed = service.printed
        yield exactly("questions, comments, bad requests and keys in the log at INFO", _in_log(printed, told.all))
        loud = b"INFO" in printed
        yield Row("the log is at INFO", "yes" if loud else "no", "yes", loud)
        yield exactly("exit code of the service", service.stop())
    yield exactly("canaries in files after the service has stopped", _found(told.all, folders))


def _converse(client: httpx.Client, said: str, comment: str) -> str:
    """Two turns and a judgement; the conversation's id."""
    first = client.post("/v1/chat", json={"question": f"What is the {said} of the heron?"}).raise_for_status().json()
    again = {"question": f"And its {said}?", "conversation_id": first["conversation_id"], "stream": True}
    client.post("/v1/chat", json=again).raise_for_status()
    judged = {"rating": "down", "reason": "other", "comment": f"No {comment} in it."}
    client.post(f"/v1/messages/{first['message_id']}/feedback", json=judged).raise_for_status()
    return str(first["conversation_id"])


def _offend(client: httpx.Client, told: Told) -> None:
    """Nothing of it is answered; each request holds a canary where it should not be."""
    for said in told.hostile:
        client.post("/v1/chat", json={"question": said * 400})
        client.post("/v1/chat", json={"question": [said]})
        client.post("/v1/chat", content=f'{{"question": "{said}'.encode())
        client.post("/v1/chat", json={"question": "Where?", said: 1})
        client.get(f"/v1/conversations/{said}", headers={"X-Kilde-Site": said, "Origin": f"https://{said}.example"})
        client.get(f"/{said}?q={said}", headers={"Authorization": f"Bearer {said}", "Cookie": f"a={said}"})
        client.get("/v1/admin/stats", headers={"Authorization": f"Bearer {said}"})
        client.post("/v1/chat/completions", json={"model": said, "messages": [{"role": "user", "content": said}]})
        client.post("/slack/events", content=said.encode(), headers={"X-Slack-Signature": f"v0={said}"})
    client.get("/v1/admin/stats", headers={"Authorization": f"Bearer xoxb-{told.secrets[0]}"}).raise_for_status()


def _erase(client: httpx.Client, data: Path, ids: Sequence[str]) -> None:
    """Half over HTTP, half on the command line; and whatever the completions left."""
    half = len(ids) // 2
    for conversation_id in ids[:half]:
        client.delete(f"/v1/conversations/{conversation_id}").raise_for_status()
    named = [word for conversation_id in ids[half:] for word in ("--conversation", conversation_id)]
    environment = kilde_environment(data)
    command = [sys.executable, "-m", "evals.torture.loud", "erase", *named, "--older-than", "0"]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def _found(texts: Sequence[str], folders: Sequence[Path]) -> int:
    """How many of the texts are in any file."""
    return len(set[str]().union(*hits(texts, folders).values()))


def _in_log(printed: bytes, texts: Sequence[str]) -> int:
    return sum(text.encode() in printed for text in texts)


if __name__ == "__main__":
    main()
