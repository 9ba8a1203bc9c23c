"""BM25 scores, by the bm25s library."""

import logging
from collections.abc import Sequence


def score_documents(documents: Sequence[list[str]], query: Sequence[str]) -> list[float]:
    """Return one score per document, both given as their terms; 0 where nothing of the query occurs."""
    # Here, because it brings numpy: 20 MB that only a server without a model needs.
    import bm25s  # noqa: PLC0415

    logging.getLogger("bm25s").setLevel(logging.WARNING)
    known = {term for document in documents for term in document}
    asked = [term for term in query if term in known]
    if not asked:
        return [0.0] * len(documents)
    index = bm25s.BM25()
    index.index(list(documents), show_progress=False)
    return [float(score) for score in index.get_scores(asked)]
