"""Haystack, as its pages on the Chroma document store and the Sentence Transformers embedders build it.

In: a ``Job``. Out: what ``running`` prints. An indexing and a query pipeline, with the default splitter (200
words); float32.
"""

from pathlib import Path

from evals.benchmarks.peer_pipelines.records import Job
from evals.benchmarks.peer_pipelines.running import PASSAGE_PROMPT, QUERY_PROMPT, TOP_K, read_articles, run

PACKAGES = ("haystack-ai", "chroma-haystack", "sentence-transformers-haystack")


class Haystack:
    def __init__(self, job: Job) -> None:
        from haystack import Pipeline
        from haystack.components.preprocessors import DocumentCleaner, DocumentSplitter
        from haystack.components.writers import DocumentWriter
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )
        from haystack_integrations.components.retrievers.chroma import ChromaEmbeddingRetriever
        from haystack_integrations.document_stores.chroma import ChromaDocumentStore

        store = ChromaDocumentStore(persist_path=job.data_dir)
        passage, query = (PASSAGE_PROMPT, QUERY_PROMPT) if job.prompts else ("", "")
        self._indexing = Pipeline()
        self._indexing.add_component("cleaner", DocumentCleaner())
        self._indexing.add_component("splitter", DocumentSplitter())
        self._indexing.add_component("embedder", SentenceTransformersDocumentEmbedder(model=job.model, prefix=passage))
        self._indexing.add_component("writer", DocumentWriter(store))
        self._indexing.connect("cleaner", "splitter")
        self._indexing.connect("splitter", "embedder")
        self._indexing.connect("embedder", "writer")
        self._querying = Pipeline()
        self._querying.add_component(
            "embedder", SentenceTransformersTextEmbedder(model=job.model, prefix=query, progress_bar=False)
        )
        self._querying.add_component("retriever", ChromaEmbeddingRetriever(store, top_k=TOP_K))
        self._querying.connect("embedder.embedding", "retriever.query_embedding")
        # The two embedders share one loaded model, so each process warms up the one that it uses.
        (self._querying if job.questions else self._indexing).warm_up()

    def ingest(self, articles: Path) -> int:
        from haystack import Document

        documents = [Document(content=text, meta={"source": path}) for path, text in read_articles(articles)]
        written: int = self._indexing.run({"cleaner": {"documents": documents}})["writer"]["documents_written"]
        return written

    def search(self, question: str) -> list[str]:
        found = self._querying.run({"embedder": {"text": question}})
        return [document.meta["source"] for document in found["retriever"]["documents"]]


if __name__ == "__main__":
    run(Haystack, PACKAGES)
