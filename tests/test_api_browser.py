"""What a real browser lets pages of other origins do: those of a known site ask, read and stop, others nothing."""

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fake_backend import FakeBackend
from litestar import Litestar

from rag.api.app import build_app
from rag.settings import Settings

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="pages run in chromium: apt-get install chromium"),
]
PAGE = """<!doctype html><pre id="told">nothing yet</pre><script type="module">
const service = "SERVICE", site = {"X-Kilde-Site": "blog"};
const headers = {"Content-Type": "application/json", ...site};
const post = (body) => ({method: "POST", body: JSON.stringify(body), headers});
const tried = {
  ask: () => fetch(service + "/v1/chat", post({question: "Wie?"})),
  stream: () => fetch(service + "/v1/chat", post({question: "Wie?", stream: true})),
  read: () => fetch(service + "/v1/articles/a1", {headers: site}),
  judge: () => fetch(service + "/v1/messages/m1/feedback", post({rating: "up"})),
  stop: () => fetch(service + "/v1/messages/m9/stop", {method: "POST", headers: site}),
  forget: () => fetch(service + "/v1/conversations/c1", {method: "DELETE", headers: site}),
  nameless: () => fetch(service + "/v1/articles/a1"),
  list: () => fetch(service + "/v1/articles", {headers: site}),
  figures: () => fetch(service + "/v1/admin/stats", {headers: {"Authorization": "Bearer let-me-in"}}),
};
const told = {};
for (const [name, attempt] of Object.entries(tried)) {
  try {
    const response = await attempt();
    const text = await response.text();
    told[name] = name === "stream" ? text.match(/^event: .*$/gm).pop() : response.status;
  } catch { told[name] = "kept from the page"; }
}
document.getElementById("told").textContent = JSON.stringify(told);
</script>"""
KEPT = "kept from the page"


@contextmanager
def pages(folder: Path) -> Iterator[int]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextmanager
def served(app: Litestar) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def told(address: str, profile: Path) -> dict[str, Any]:
    """What the page at this address wrote of its attempts."""
    command = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
        *(f"--user-data-dir={profile}", "--virtual-time-budget=20000", "--dump-dom", address),
    ]
    dom = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120).stdout
    (written,) = re.findall(r'<pre id="told">(.*)</pre>', dom)
    found: dict[str, Any] = json.loads(written)
    return found


def test_a_browser_lets_pages_of_known_sites_ask_and_no_others(tmp_path: Path) -> None:
    with pages(tmp_path) as port:
        backend = FakeBackend(settings=Settings(admin_key="let-me-in", sites=f"blog=http://127.0.0.1:{port}"))
        with served(build_app(backend)) as service:
            (tmp_path / "page.html").write_text(PAGE.replace("SERVICE", service), encoding="utf-8")
            ours = told(f"http://127.0.0.1:{port}/page.html", tmp_path / "one")
            strangers = told(f"http://localhost:{port}/page.html", tmp_path / "two")
    assert ours == {
        **{"ask": 200, "stream": "event: message.end", "read": 200, "judge": 200, "stop": 404, "forget": 204},
        "nameless": 403,
        **dict.fromkeys(("list", "figures"), KEPT),
    }
    refused = dict.fromkeys(("ask", "read", "judge", "stop", "forget", "nameless"), 403)
    assert strangers == refused | dict.fromkeys(("stream", "list", "figures"), KEPT)
