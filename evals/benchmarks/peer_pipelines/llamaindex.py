"""LlamaIndex, as its pages on Chroma and on Hugging Face embeddings build it.

In: a ``Job``. Out: what ``running`` prints. Its default sentence splitter (1,024 tokens, 200 of overlap) and batches of
10; float32.
"""

from pathlib import Path

from evals.benchmarks.peer_pipelines.records import Job
from evals.benchmarks.peer_pipelines.running import PASSAGE_PROMPT, QUERY_PROMPT, TOP_K, read_articles, run

PACKAGES = ("llama-index-core", "llama-index-embeddings-huggingface", "llama-index-vector-stores-chroma")


class LlamaIndex:
    def __init__(self, job: Job) -> None:
        import chromadb
        from llama_index.core import VectorStoreIndex
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
        from llama_index.vector_stores.chroma import ChromaVectorStore

        self._model = HuggingFaceEmbedding(
            model_name=job.model,
            query_instruction=QUERY_PROMPT if job.prompts else None,
            text_instruction=PASSAGE_PROMPT if job.prompts else None,
        )
        self._collection = chromadb.PersistentClient(path=job.data_dir).get_or_create_collection("quickstart")
        self._store = ChromaVectorStore(chroma_collection=self._collection)
        index = VectorStoreIndex.from_vector_store(self._store, embed_model=self._model)
        self._retriever = index.as_retriever(similarity_top_k=TOP_K)

    def ingest(self, articles: Path) -> int:
        from llama_index.core import Document, StorageContext, VectorStoreIndex

        # The path is the id and no metadata, which would be embedded along with the text.
        documents = [Document(text=text, id_=path) for path, text in read_articles(articles)]
        storage = StorageContext.from_defaults(vector_store=self._store)
        VectorStoreIndex.from_documents(documents, storage_context=storage, embed_model=self._model)
        return int(self._collection.count())

    def search(self, question: str) -> list[str]:
        return [found.node.ref_doc_id for found in self._retriever.retrieve(question)]


if __name__ == "__main__":
    run(LlamaIndex, PACKAGES)
