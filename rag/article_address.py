"""Where a service shows an article that has no public address. Pure.

In: the address of the service, and an article's id. Out: the address of its text there. Refuses nothing.
"""

from urllib.parse import quote


def shown_at(service: str, article_id: str) -> str:
    return f"{service.rstrip('/')}/v1/articles/{quote(article_id, safe='')}"
