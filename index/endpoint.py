"""A model behind HTTP, asked and asked again: what embedding and reranking through an endpoint share.

In: an address, a key where one is wanted, and JSON bodies. Out: the bytes of a reply. Asks again after 429, 5xx and
lost connections, with longer and longer pauses, for as long as the deadline lets; then raises BusyError. What no
repetition helps (another status, a reply without end) is a ConfigurationError in the endpoint's own words. Follows no
redirect and no proxy of the environment: texts go to the address that was set, and nowhere else.
"""

import random
import time

import httpx
import msgspec

from index.errors import BusyError, ConfigurationError

CONNECT_S = 3.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 8.0
MOST_BYTES = 64 * 1024 * 1024
QUOTED = 200
"""Characters of what an endpoint says that a message repeats."""


class Endpoint:
    """Safe from several threads."""

    def __init__(self, url: str, setting: str, api_key: str | None = None) -> None:
        """``setting``: what messages tell to change."""
        scheme, _, rest = url.partition("://")
        if scheme not in ("http", "https") or not rest:
            raise ConfigurationError(f"{setting}={url!r} is no address. It begins with http:// or https://.")
        self.url = url
        self._setting = setting
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._client = httpx.Client(headers=headers, trust_env=False, follow_redirects=False)

    def post(self, body: object, deadline_s: float) -> bytes:
        encoded = msgspec.json.encode(body)
        deadline = time.monotonic() + deadline_s
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return self._posted(encoded, deadline)
            except _LaterError as exc:
                # Those that were refused together must not come back together.
                wait_s = max(exc.pause_s, pause_s * random.uniform(0.5, 1.0))
                if time.monotonic() + wait_s >= deadline:
                    raise BusyError(f"The endpoint at {self.url} does not answer: {exc}. Try again later.") from exc
            time.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def wrong(self, what: str) -> ConfigurationError:
        """A reply that cannot be what was asked for."""
        return ConfigurationError(f"The endpoint at {self.url} {what}. Check {self._setting} and the model it names.")

    def _posted(self, body: bytes, deadline: float) -> bytes:
        left_s = max(0.001, deadline - time.monotonic())
        timeout = httpx.Timeout(left_s, connect=min(CONNECT_S, left_s))
        try:
            with self._client.stream("POST", self.url, content=body, timeout=timeout) as response:
                data = self._read(response, deadline)
        except httpx.HTTPError as exc:
            raise _LaterError(type(exc).__name__) from exc
        if response.is_success:
            return data
        said = data.decode("utf-8", errors="replace").strip()[:QUOTED]
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            raise _LaterError(f"status {response.status_code}: {said}", _pause_s(response))
        raise self.wrong(f"refuses with status {response.status_code}: {said or 'no reason given'}")

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        data = bytearray()
        for part in response.iter_bytes():
            data += part
            if len(data) > MOST_BYTES:
                raise self.wrong(f"replies with more than {MOST_BYTES >> 20} MB")
            if time.monotonic() > deadline:
                raise _LaterError("the reply does not end")
        return bytes(data)


class _LaterError(Exception):
    """The same request may succeed, after a pause."""

    def __init__(self, message: str, pause_s: float = 0.0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


def _pause_s(response: httpx.Response) -> float:
    """What the endpoint asks for in ``Retry-After``; 0 where it does not, or gives a date."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_PAUSE_S) if asked.isdigit() else 0.0
