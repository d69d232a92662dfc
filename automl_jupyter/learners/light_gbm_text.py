"""Whether the text of a stored LightGBM model makes trees: what reads and walks them does not look where it steps."""

from __future__ import annotations

import numpy as np

from automl_jupyter.errors import StoreError

#: what must be said of a tree that has splits
_OF_SPLITS = (b"split_feature", b"threshold", b"decision_type", b"left_child", b"right_child", b"leaf_value")


def check_text(content: bytes) -> None:
    """Refuse a model whose trees could be read or walked out of.

    Parameters
    ----------
    content : bytes
        What `lightgbm.Booster.model_to_string` gave, encoded.

    Raises
    ------
    StoreError
        When a tree leads to nodes, features or categories that there are none of, or sizes are not those of the text.
    """
    try:
        is_whole = _is_whole(content)
    except (ArithmeticError, LookupError, ValueError):
        is_whole = False
    if not is_whole:
        raise StoreError("The text of a stored LightGBM model does not make trees; it was not loaded.")


def _is_whole(content: bytes) -> bool:
    if b"\r" in content or b"\0" in content:  # other ends of lines than are looked for here
        return False
    begin = content.find(b"\nTree=") + 1
    if not begin:
        said = [line for line in content.split(b"\n") if line.strip(b"=").partition(b"=")[0] == b"tree_sizes"]
        return said == [b"tree_sizes="]
    head = _fields(content[:begin])
    n_classes, each = _count(head[b"num_class"]), _count(head[b"num_tree_per_iteration"])
    width, ends = _count(head[b"max_feature_idx"]) + 1, np.cumsum(_whole_numbers(head[b"tree_sizes"]))
    if not (n_classes == each > 0 and width > 0 and len(ends) % each == 0 and ends[-1] <= len(content) - begin):
        return False
    blocks = [content[begin + a : begin + b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    if not all(block.startswith(b"Tree=") and b"\n\n" in block for block in blocks):
        return False
    texts = [block.partition(b"\n\n")[0] for block in blocks]
    if not all(b"=" in line for text in texts for line in text.split(b"\n")):  # it would be read on to the next "="
        return False
    trees = [_fields(text) for text in texts]
    leaves = np.asarray([_count(tree[b"num_leaves"]) for tree in trees])
    if not (leaves > 0).all() or any(tree.get(b"is_linear", b"0") != b"0" for tree in trees):
        return False
    split = [tree for tree, n in zip(trees, leaves, strict=True) if n > 1]
    return not split or (_are_walkable(split, leaves[leaves > 1], width) and all(map(_knows_its_categories, split)))


def _fields(text: bytes) -> dict[bytes, bytes]:
    """Return what each line says; a name that is there twice, by itself or behind a "=", too, is refused."""
    pairs = [line.partition(b"=")[::2] for line in text.split(b"\n") if line]
    found = dict(pairs)
    if len(found) != len(pairs) or b"" in found:
        raise ValueError
    return found


def _count(text: bytes) -> int:
    """Return a number of few digits: of others Python and LightGBM make different ones."""
    if not text.isdigit() or len(text) > 9:
        raise ValueError
    return int(text)


def _whole_numbers(text: bytes) -> np.ndarray:
    if text.translate(None, b"-0123456789 "):  # Python takes more for a number than LightGBM does
        raise ValueError
    return np.asarray(text.split(b" ") if text else [], dtype=object).astype(np.int64)


def _are_walkable(trees: list[dict[bytes, bytes]], leaves: np.ndarray, width: int) -> bool:
    """Return whether all splits lead on, to splits that come later or to leaves, by features that there are."""
    values = {name: [tree[name] for tree in trees] for name in _OF_SPLITS}
    counts = {name: np.asarray([text.count(b" ") + 1 for text in texts]) for name, texts in values.items()}
    splits = leaves - 1
    if not all((counts[name] == (leaves if name == b"leaf_value" else splits)).all() for name in _OF_SPLITS):
        return False
    feature, left, right = (
        _whole_numbers(b" ".join(values[name])) for name in (b"split_feature", b"left_child", b"right_child")
    )
    first = np.repeat(np.cumsum(splits) - splits, splits)
    here, most, least = np.arange(len(first)) - first, np.repeat(splits, splits), -np.repeat(leaves, splits)
    to = [((child > here) & (child < most)) | ((child < 0) & (child >= least)) for child in (left, right)]
    return bool(all(ok.all() for ok in to) and ((feature >= 0) & (feature < width)).all())


def _knows_its_categories(tree: dict[bytes, bytes]) -> bool:
    """Return whether the splits by categories of a tree name sets that it has."""
    is_categorical = _whole_numbers(tree[b"decision_type"]) & 1 == 1
    if not is_categorical.any():
        return True
    ends, words = _whole_numbers(tree[b"cat_boundaries"]), _whole_numbers(tree[b"cat_threshold"])
    named = np.asarray(tree[b"threshold"].split(b" "), dtype=object)[is_categorical]
    sets = _whole_numbers(b" ".join(named))
    whole = len(ends) == _count(tree[b"num_cat"]) + 1 and ends[0] == 0 and ends[-1] == len(words)
    return bool(whole and (np.diff(ends) >= 0).all() and ((sets >= 0) & (sets < len(ends) - 1)).all())
