"""Features of text.

scikit-learn's ``TfidfVectorizer`` builds every pair of words as a Python string, which alone takes seconds on
100,000 rows. Here words become integers once and pairs are arithmetic on them: the same counts, several times
faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from automl_jupyter.featurization.feature import Feature
from automl_jupyter.featurization.transformers import make_vectorizer

_WORD = re.compile(r"\w+")
#: scripts that put no spaces between words: Thai to Myanmar, Khmer, kana, Han, Hangul
_SCRIPTS = "\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_CHARACTER = re.compile(rf"[{_SCRIPTS}]|[^\W{_SCRIPTS}]+")
#: Rows the words are learnt from, and the topics.
_SAMPLE = 50_000
#: Rows whose words are in memory at a time: those of a million rows are gigabytes.
_BLOCK = 50_000


class Words:
    """Words and pairs of neighbouring words: their tf-idf, rows of length 1, or their counts.

    ``tf = 1 + ln(count)``, ``idf = 1 + ln((1 + n) / (1 + rows with the word))``, each row then divided by its
    Euclidean length; as scikit-learn's ``TfidfTransformer(sublinear_tf=True)``.

    Parameters
    ----------
    position : int
        The text column.
    min_frequency : int
        Rows a word needs; at most a hundredth of the rows are asked for.
    max_words : int
        Words and pairs kept, those in most rows first.
    counts : bool, default False
        Whether a feature is how often the word is in the text.
    characters : bool, default False
        Whether characters of scripts without spaces between words stand for words.
    """

    #: what parts of models saved by earlier versions do not have
    counts, characters = False, False

    def __init__(
        self, position: int, min_frequency: int, max_words: int, *, counts: bool = False, characters: bool = False
    ) -> None:
        self.position = position
        self.min_frequency = min_frequency
        self.max_words = max_words
        self.counts = counts
        self.characters = characters

    def fit(self, X: Any) -> Words:
        """Learn the words, the pairs and in how many rows each is."""
        self.learn(self.split(_sampled(X)))
        return self

    def split(self, X: Any) -> list[list[str]]:
        """Return each row's words, in lower case."""
        pattern = _CHARACTER if self.characters else _WORD
        return [pattern.findall(text.lower()) for text in texts_of(X, self.position)]

    def learn(self, documents: list[list[str]]) -> Words:
        """Learn from rows already split."""
        documents = documents[:: -(-len(documents) // _SAMPLE)] if len(documents) > _SAMPLE else documents
        n = len(documents)
        index: dict[str, int] = {}
        ids = np.fromiter((index.setdefault(w, len(index)) for w in chain.from_iterable(documents)), dtype=np.int64)
        rows = _rows(documents)
        size = max(len(index), 1)
        word, word_df = _row_counts(ids, rows, n)
        first, follows = _pairs(ids, rows)
        pair, pair_df = _row_counts(first * size + ids[1:][follows], rows[1:][follows], n)
        needed = max(1, min(self.min_frequency, n // 100))
        df = np.concatenate([word_df, pair_df])
        kept = np.flatnonzero(df >= needed)
        kept = np.sort(kept[np.argsort(-df[kept], kind="stable")][: self.max_words])
        names = list(index)
        words_kept = kept[kept < len(word)]
        pairs = pair[kept[kept >= len(word)] - len(word)]
        # The words of a kept pair must be known even where they are no feature themselves; a word is in at
        # least as many rows as its pairs, so this happens only at the cut of max_words.
        known = np.unique(np.concatenate([word[words_kept], pairs // size, pairs % size]))
        self.words = [names[k] for k in known]
        self.word_ids = np.searchsorted(known, word[words_kept])
        left, right = np.searchsorted(known, pairs // size), np.searchsorted(known, pairs % size)
        self.pair_keys = left * len(known) + right
        order = np.argsort(self.pair_keys)
        self.pair_keys = self.pair_keys[order]
        pair_kept = kept[kept >= len(word)][order]
        self.idf = 1 + np.log((1 + n) / (1 + df[np.concatenate([words_kept, pair_kept])]))
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.idf)

    def sparse(self, X: Any) -> Any:
        """Return the features."""
        return _in_blocks(self, X)

    def weigh(self, documents: list[list[str]]) -> Any:
        """Return the features of rows already split."""
        from scipy.sparse import csr_matrix

        index = getattr(self, "_index", None)
        if index is None:
            index = self._index = {w: k for k, w in enumerate(self.words)}
        ids = np.fromiter((index.get(w, -1) for w in chain.from_iterable(documents)), dtype=np.int64)
        rows = _rows(documents)
        size = len(self.words)
        place = np.full(size + 1, -1, dtype=np.int64)
        place[self.word_ids] = np.arange(len(self.word_ids))
        columns = place[ids]
        first, follows = _pairs(ids, rows)
        second = ids[1:][follows]
        keys = np.where((first >= 0) & (second >= 0), first * size + second, -1)
        at = np.searchsorted(self.pair_keys, keys)
        hit = at < len(self.pair_keys)
        hit[hit] = self.pair_keys[at[hit]] == keys[hit]
        pair_columns = np.where(hit, at + len(self.word_ids), -1)
        columns = np.concatenate([columns, pair_columns])
        rows = np.concatenate([rows, rows[1:][follows]])
        seen = columns >= 0
        counts = csr_matrix(
            (np.ones(int(seen.sum()), dtype=np.float32), (rows[seen], columns[seen])),
            shape=(len(documents), self.width),
        )
        if self.counts:
            return counts
        counts.data = (1 + np.log(counts.data)) * self.idf[counts.indices].astype(np.float32)
        length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
        counts.data /= np.repeat(np.maximum(length, 1e-12), np.diff(counts.indptr)).astype(np.float32)
        return counts

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_index"}

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column=word``, ``column=two words``)."""
        size = max(len(self.words), 1)
        found = [self.words[k] for k in self.word_ids]
        found += [f"{self.words[k // size]} {self.words[k % size]}" for k in self.pair_keys]
        transformer = "CountVectorizer" if self.counts else "TfIdf"
        return [Feature(f"{columns[self.position]}={f}", (self.position,), transformer) for f in found]


class AskedWords:
    """What scikit-learn's ``TfidfVectorizer`` makes of a text with the parameters asked for.

    Parameters
    ----------
    position : int
        The text column.
    parameters : mapping
        Its keyword arguments.
    """

    def __init__(self, position: int, parameters: Mapping[str, Any]) -> None:
        self.position = position
        self.parameters = dict(parameters)

    def fit(self, X: Any) -> AskedWords:
        """Learn the words."""
        return self.learn(self.split(X))

    def split(self, X: Any) -> list[str]:
        """Return the texts as they are: the vectorizer cuts them."""
        return texts_of(X, self.position)

    def learn(self, documents: list[str]) -> AskedWords:
        """Learn from texts; where the parameters leave no word, there is no feature."""
        self.vectorizer: Any = make_vectorizer(self.parameters)
        try:
            self.vectorizer.fit(documents)
        except ValueError:
            self.vectorizer = None
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return 0 if self.vectorizer is None else len(self.vectorizer.vocabulary_)

    def sparse(self, X: Any) -> Any:
        """Return the features."""
        return _in_blocks(self, X)

    def weigh(self, documents: list[str]) -> Any:
        """Return the features of texts."""
        from scipy.sparse import csr_matrix

        if self.vectorizer is None:
            return csr_matrix((len(documents), 0), dtype=np.float32)
        return self.vectorizer.transform(documents)

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column=word``)."""
        found = [] if self.vectorizer is None else self.vectorizer.get_feature_names_out().tolist()
        return [Feature(f"{columns[self.position]}={f}", (self.position,), "TfIdf") for f in found]


class Topics:
    """A few dense features of a text: truncated SVD of its tf-idf, its length and its number of words.

    Parameters
    ----------
    words : Words or AskedWords
        What the topics are found in.
    n_topics : int
        Most components.
    random_state : int
        Seed of the SVD.
    scaled : bool
        Whether the learner needs scales alike: components of unit deviation, logarithms of the counts.
    """

    def __init__(self, words: Words | AskedWords, n_topics: int, random_state: int, scaled: bool) -> None:
        self.words = words
        self.n_topics = n_topics
        self.random_state = random_state
        self.scaled = scaled

    @property
    def position(self) -> int:
        """The text column."""
        return self.words.position

    def fit(self, X: Any) -> Topics:
        """Learn words and topics."""
        from sklearn.utils.extmath import randomized_svd

        documents: list[Any] = self.words.split(_sampled(X))
        weights = self.words.learn(documents).weigh(documents)
        n = min(self.n_topics, self.words.width - 1, len(documents) - 1)
        if n < 1 or weights.nnz == 0:
            self.components = np.zeros((self.words.width, 0), dtype=np.float32)
            return self
        _, strength, components = randomized_svd(
            weights,
            n,
            n_iter=3,
            power_iteration_normalizer="QR",  # LU may leave what is not finite where documents repeat
            random_state=self.random_state,
        )
        there = strength > 1e-6 * strength[0]
        components = components[there].T
        if self.scaled:
            components = components / np.maximum((weights @ components).std(axis=0), 1e-6)
        self.components = components.astype(np.float32)
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return self.components.shape[1] + 2

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features."""
        for rows in _blocks(len(X)):
            some, block = X.iloc[rows], out[rows]
            documents: list[Any] = self.words.split(some)
            if self.components.shape[1]:
                block[:, :-2] = self.words.weigh(documents) @ self.components
            _fill_statistics(texts_of(some, self.position), documents, self.scaled, block[:, -2:])

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column__topic0``, ``column__length``, ``column__words``)."""
        name = columns[self.position]
        topics = [f"{name}__topic{k}" for k in range(self.components.shape[1])]
        return [Feature(t, (self.position,), "WordEmbedding") for t in topics] + _statistics(name, self.position)


class TextStatistics:
    """The length of a text and its number of words, where topics are blocked.

    Parameters
    ----------
    position : int
        The text column.
    scaled : bool
        Whether the learner needs scales alike: logarithms.
    """

    width = 2

    def __init__(self, position: int, scaled: bool) -> None:
        self.position = position
        self.scaled = scaled

    def fit(self, X: Any) -> TextStatistics:
        """Learn nothing."""
        return self

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features."""
        for rows in _blocks(len(X)):
            texts = texts_of(X.iloc[rows], self.position)
            _fill_statistics(texts, [_WORD.findall(t) for t in texts], self.scaled, out[rows])

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column__length``, ``column__words``)."""
        return _statistics(columns[self.position], self.position)


def _fill_statistics(texts: list[str], documents: list[Any], scaled: bool, out: np.ndarray) -> None:
    out[:, 0] = np.fromiter(map(len, texts), dtype=np.float32, count=len(texts))
    words = (d.split() if isinstance(d, str) else d for d in documents)
    out[:, 1] = np.fromiter(map(len, words), dtype=np.float32, count=len(documents))
    if scaled:
        out[:] = np.log1p(out)


def _statistics(name: str, position: int) -> list[Feature]:
    return [Feature(f"{name}__{what}", (position,), "StringStatistics") for what in ("length", "words")]


def _sampled(X: Any) -> Any:
    """Return the rows that are learnt from."""
    return X.iloc[:: -(-len(X) // _SAMPLE)] if len(X) > _SAMPLE else X


def _blocks(n_rows: int) -> Iterator[slice]:
    for start in range(0, n_rows, _BLOCK):
        yield slice(start, min(start + _BLOCK, n_rows))


def _in_blocks(words: Words | AskedWords, X: Any) -> Any:
    """Return the features of rows, so many at a time."""
    if len(X) <= _BLOCK or not words.width:
        return words.weigh(words.split(X))  # type: ignore[arg-type]
    from scipy.sparse import vstack

    return vstack([words.weigh(words.split(X.iloc[rows])) for rows in _blocks(len(X))], format="csr")  # type: ignore[arg-type]


def texts_of(X: Any, position: int) -> list[str]:
    """Return a text column as strings, empty where missing."""
    return [t if isinstance(t, str) else "" for t in X.iloc[:, position].tolist()]


def _rows(documents: list[list[str]]) -> np.ndarray:
    lengths = np.fromiter(map(len, documents), dtype=np.int64, count=len(documents))
    return np.repeat(np.arange(len(documents)), lengths)


def _pairs(ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first word of each neighbouring pair within a row, and which positions those are."""
    follows = rows[1:] == rows[:-1]
    return ids[:-1][follows], follows


def _row_counts(keys: np.ndarray, rows: np.ndarray, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct keys, sorted, and in how many rows each is."""
    distinct, inverse = np.unique(keys, return_inverse=True)
    once = np.unique(inverse * np.int64(n_rows) + rows)
    return distinct, np.bincount(once // max(n_rows, 1), minlength=len(distinct))
