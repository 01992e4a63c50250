"""A question in, an answer with citations out, and the surfaces that carry it. Knows nothing of evaluation."""
