"""Who counts as one visitor, and which proxies may say where a request came from.

In: client addresses, and the text of ``KILDE_TRUSTED_PROXIES``. Out: one name per visitor, and the proxies' networks.
Refuses with ConfigurationError a proxy that is neither an address nor a network.
"""

import re
from ipaddress import IPv6Address, ip_address, ip_network

from rag.errors import ConfigurationError

IPV6_BITS = 64
"""What one customer of a provider usually holds: whoever has one address of it has them all."""
_LONGEST = 64


def visitor_of(host: str) -> str:
    """The address itself, or the network of an IPv6 address; what is no address stands for itself."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:_LONGEST]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, IPV6_BITS), strict=False))
    return str(address)


def parse_proxies(text: str) -> tuple[str, ...]:
    """Networks in CIDR notation, as given."""
    return tuple(_network(part) for part in re.split(r"[,\s]+", text) if part)


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError as exc:
        raise ConfigurationError(
            f"KILDE_TRUSTED_PROXIES: {text!r} is neither an address nor a network. Write such as 127.0.0.1, 10.0.0.0/8."
        ) from exc
