"""Articles in, hits out: reading, chunking, embedding, storing and searching. Knows nothing of answers or HTTP."""
