"""LangChain, as its tutorial "Build a semantic search engine" and its pages on Chroma and Hugging Face build it.

In: a ``Job``. Out: what ``running`` prints. Recursive splitter at 1,000 characters with 200 of overlap; float32.
"""

from pathlib import Path

from evals.benchmarks.peer_pipelines.records import Job
from evals.benchmarks.peer_pipelines.running import PASSAGE_PROMPT, QUERY_PROMPT, TOP_K, read_articles, run

PACKAGES = ("langchain-core", "langchain-text-splitters", "langchain-huggingface", "langchain-chroma")


class LangChain:
    def __init__(self, job: Job) -> None:
        from langchain_chroma import Chroma
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        embeddings = HuggingFaceEmbeddings(
            model_name=job.model,
            encode_kwargs={"prompt": PASSAGE_PROMPT} if job.prompts else {},
            query_encode_kwargs={"prompt": QUERY_PROMPT} if job.prompts else {},
        )
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
        self._store = Chroma(
            collection_name="example_collection", embedding_function=embeddings, persist_directory=job.data_dir
        )

    def ingest(self, articles: Path) -> int:
        from langchain_core.documents import Document

        documents = [Document(page_content=text, metadata={"source": path}) for path, text in read_articles(articles)]
        splits = self._splitter.split_documents(documents)
        return len(self._store.add_documents(documents=splits))

    def search(self, question: str) -> list[str]:
        return [found.metadata["source"] for found in self._store.similarity_search(question, k=TOP_K)]


if __name__ == "__main__":
    run(LangChain, PACKAGES)
