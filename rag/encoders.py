"""Which encoder and which reranker the settings name, and how each is made. Loads nothing until it is called.

In: settings, and the identity of a model as the catalog keeps it. Out: what makes its encoder, which a process
elsewhere can call too. Refuses (ConfigurationError) an endpoint without a model's name or dimension, and an index that
was made through an endpoint which the settings no longer name.
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from index.model_identity import BUNDLED
from index.records import Encoder
from rag.errors import ConfigurationError
from rag.settings import Settings

if TYPE_CHECKING:
    from index.reranker import Reranker

ENDPOINT = "endpoint:"


def model_identity(settings: Settings) -> str:
    """What the catalog keeps of the embedding model: the setting, or of a model behind an endpoint all that its vectors
    depend on, which its address is not."""
    if settings.embedding_url is None:
        return settings.embedding_model
    if settings.embedding_model == BUNDLED or settings.embedding_dim is None:
        raise ConfigurationError(
            "KILDE_EMBEDDING_URL needs two more settings: KILDE_EMBEDDING_MODEL, the model's name at the endpoint, and "
            "KILDE_EMBEDDING_DIM, how many numbers its vectors have."
        )
    prompt = settings.embedding_passage_prompt
    suffix = f":{sha256(prompt.encode()).hexdigest()[:8]}" if prompt else ""
    return f"{ENDPOINT}{settings.embedding_model}:{settings.embedding_dim}{suffix}"


def encoder_maker(settings: Settings, model: str) -> Callable[[], Encoder]:
    """``model``: as ``model_identity`` gives it, now or when the index was made."""
    if model.startswith(ENDPOINT):
        return _endpoint_maker(settings, model)
    from index.encoder import SentenceEncoder

    return partial(SentenceEncoder, model, settings.model_path)


def worker_encoder_maker(settings: Settings) -> Callable[[], Encoder]:
    """For one of many workers: one core each, as each pass of a single process has."""
    model = model_identity(settings)
    if model.startswith(ENDPOINT):
        return _endpoint_maker(settings, model)
    from index.encoder import SentenceEncoder

    return partial(SentenceEncoder, model, settings.model_path, threads=1)


def _endpoint_maker(settings: Settings, model: str) -> Callable[[], Encoder]:
    if settings.embedding_url is None or settings.embedding_dim is None or model != model_identity(settings):
        raise ConfigurationError(
            f"The index was made through an endpoint ({model.removeprefix(ENDPOINT)}), which the settings do not name. "
            "Set KILDE_EMBEDDING_URL, KILDE_EMBEDDING_MODEL and KILDE_EMBEDDING_DIM as they were, or run "
            "`kilde rebuild`."
        )
    from index.endpoint_encoder import EndpointEncoder, EndpointModel

    endpoint = EndpointModel(
        url=settings.embedding_url,
        name=settings.embedding_model,
        dim=settings.embedding_dim,
        identity=model,
        api_key=settings.embedding_api_key,
        query_prompt=settings.embedding_query_prompt or "",
        passage_prompt=settings.embedding_passage_prompt or "",
    )
    return partial(EndpointEncoder, endpoint)


def open_reranker(settings: Settings) -> "Reranker | None":
    """None where none is set."""
    if settings.reranker_url is not None:
        from index.endpoint_reranker import EndpointReranker

        return EndpointReranker(settings.reranker_url, settings.reranker_model, settings.reranker_api_key)
    if settings.reranker_model is None:
        return None
    from index.reranker import CrossEncoderReranker

    return CrossEncoderReranker(settings.reranker_model)
