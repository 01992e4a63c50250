"""What ``compose.stack.yaml`` says of its services, for one machine without containers.

In: the file, where each engine and each secret is here. Out: the settings of a service, and its command's options.
Refuses an address or a secret that it was told nothing of with KeyError.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
FILE = REPOSITORY / "compose.stack.yaml"
PROXY = REPOSITORY / "deploy" / "haproxy.cfg"
_OFFERED = re.compile(r"\$\{\w+:-([^}]*)\}")
_SECRET = re.compile(r"^/run/secrets/(\w+)$")
_HOST = re.compile(r"(?<=://)\w+:\d+")
_NETWORK = re.compile(r"^172\.30\.7\.0/24$")


@cache
def services() -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found: dict[str, Any] = composed["services"]
    return found


def settings(service: str, places: Mapping[str, str]) -> dict[str, str]:
    """``places``: what is here for each ``host:port`` and each name of a secret. Their network is this machine.

    An empty value stays, as it does in a container: Kilde's own is meant, whatever else was set before.
    """
    given = {name: _OFFERED.sub(r"\1", str(value)) for name, value in services()[service]["environment"].items()}
    return {name: _here(value, places) for name, value in given.items()}


def options(service: str) -> list[str]:
    """Of its command, behind the program's name."""
    return [str(word) for word in services()[service]["command"][1:]]


def _here(value: str, places: Mapping[str, str]) -> str:
    if secret := _SECRET.match(value):
        return places[secret[1]]
    if _NETWORK.match(value):
        return "127.0.0.1"
    return _HOST.sub(lambda host: places[host[0]], value)
