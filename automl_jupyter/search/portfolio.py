"""The configurations an opening is made of: which, with what settings, in what order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl_jupyter.learners.light_gbm import MOST_ROUNDS
from automl_jupyter.search.forecasters import forecasters

if TYPE_CHECKING:
    from automl_jupyter.search.opening import SearchContext

Variant = tuple[str, Mapping[str, Any]]


def portfolio(context: SearchContext) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return (learner, label, params) in order of expected gain per second, for all learners there are."""
    if context.task == "forecasting":
        return [(c.learner, c.label, c.params) for c in forecasters(context)]
    order = _classification(context) if context.task == "classification" else _regression(context)
    found: list[tuple[str, str, Mapping[str, Any]]] = []
    for key, at in order:
        options = variants(key, context)
        if at < len(options):
            found.append((key, *options[at]))
    return found


def variants(key: str, context: SearchContext) -> list[Variant]:
    """Return a learner's configurations as (label, params), the most useful first; empty for a stranger.

    Examples
    --------
    >>> from automl_jupyter.search.opening import SearchContext
    >>> [label for label, _ in variants("KNN", SearchContext("regression", 1000, 5))][0]
    'KNN · 15 neighbours'
    """
    if context.task == "forecasting":
        return [(c.label, c.params) for c in forecasters(context, every=True) if c.learner == key]
    if key == "LightGBM":
        return _lightgbm(context)
    if key in ("RandomForest", "ExtremeRandomTrees"):
        return _forest(key, context)
    classification = context.task == "classification"
    table = _CLASSIFICATION if classification and key in _CLASSIFICATION else _SHARED
    if not classification and key in _REGRESSION:
        table = _REGRESSION
    if key in ("CatBoostClassifier", "CatBoostRegressor"):
        return _catboost(key, context)
    if key in ("XGBoostClassifier", "XGBoostRegressor"):
        return [(f"{key} · {what}", params) for what, params in _XGBOOST]
    if key == "NeuralNetwork":
        return _networks(table[key], context)
    return [(f"{key} · {what}" if what else key, params) for what, params in table.get(key, [])]


# Positions in `_lightgbm`'s list.
_MID, _PLAIN, _TINY, _LARGE, _RANDOM, _ADDITIVE, _WIDE, _SLIM, _REGULAR = range(9)
_RICH_MID, _PAIR_MID, _RICH_PLAIN, _PAIR_PLAIN, _LOG_MID, _LOG_PLAIN, _LOG_LARGE = range(9, 16)
#: Fewest rounds after which a fit ends that still gains, and the share of the time that plain trees may be grown for.
_FEWEST_ROUNDS, _ROUNDS_SHARE = 2000, 1 / 8
#: Positions in the networks' list and in that of the processes.
_LOG_NET, _EQUAL, _FREE = 3, 1, 2
#: Fewer rows than the first are few: fine grids, deep trees and many passes are not for them. On fewer than the second
#: networks come late, unless there are several classes: they gained nothing beside what comes before them.
_FEW, _FEWEST = 2000, 1000


def _classification(context: SearchContext) -> list[tuple[str, int]]:
    rows, classes = context.n_rows, context.n_classes or 2
    linear = ("LogisticRegression", 0)
    trees = ("ExtremeRandomTrees", 0)
    first = [linear, *([("MultinomialNaiveBayes", 0), ("LinearSVM", 0)] if context.n_text else [])]
    few, late = rows < _FEW, rows < _FEWEST and classes == 2
    neighbours = [("KNN", 0)] if few else []  # takes next to no time, and nothing else finds rows that come twice
    core: list[tuple[str, int]] = [
        ("LightGBM", _MID),
        ("GaussianProcess", 0),
        *([] if late else [("NeuralNetwork", 0)]),
        ("LightGBM", _RICH_MID),
        ("CatBoostClassifier", 0),
        *neighbours,
        ("GaussianProcess", _EQUAL),
        ("LightGBM", _TINY),
        ("LightGBM", _PLAIN),
        *([("NeuralNetwork", 0)] if late else []),
        ("NeuralNetwork", 1),
        ("LightGBM", _PAIR_PLAIN),
    ]
    if classes > 10:
        # A boosting round costs one tree a class; a forest's tree and a network serve all classes.
        core = [
            ("LightGBM", _MID),
            ("NeuralNetwork", 0),
            trees,
            *neighbours,
            ("GaussianProcess", 0),
            ("LightGBM", _PLAIN),
            ("GaussianProcess", _EQUAL),
            ("NeuralNetwork", 2),
            ("LightGBM", _PAIR_MID),
            ("LightGBM", _TINY),
            ("NeuralNetwork", 1),
        ]
    more: list[tuple[str, int]] = [
        ("LightGBM", _RICH_PLAIN),
        ("LightGBM", _PAIR_MID),
        *([("GradientBoosting", 0)] if few else [("LightGBM", _LARGE)]),
        ("XGBoostClassifier", 0),
        ("LightGBM", _RANDOM),
        ("GaussianProcess", _FREE),
        ("CatBoostClassifier", 1),
        ("NeuralNetwork", 2),
        ("LightGBM", _WIDE),
        ("LightGBM", _SLIM),
        *([("LightGBM", _LARGE)] if few else []),
        ("LightGBM", _ADDITIVE),
        trees,
        ("RandomForest", 0),
    ]
    last: list[tuple[str, int]] = [
        ("LogisticRegression", 1),
        ("SVM", 0),
        *([] if few else [("GradientBoosting", 0), ("KNN", 0)]),
        ("SGD", 0),
        ("LinearSVM", 0),
        ("AveragedPerceptronClassifier", 0),
        ("BernoulliNaiveBayes", 0),
        ("MultinomialNaiveBayes", 0),
        ("DecisionTree", 0),
    ]
    return [*first, *core, *more, *last]


def _regression(context: SearchContext) -> list[tuple[str, int]]:
    few, late = context.n_rows < _FEW, context.n_rows < _FEWEST
    return [
        ("ElasticNet", 0),
        ("LightGBM", _MID),
        ("GaussianProcess", 0),
        *([] if late else [("NeuralNetwork", 0)]),
        ("LightGBM", _LOG_MID),
        ("LightGBM", _RICH_MID),
        ("CatBoostRegressor", 0),
        *([("KNN", 0)] if few else []),
        *([("NeuralNetwork", 0)] if late else []),
        ("NeuralNetwork", _LOG_NET),
        ("LightGBM", _PLAIN),
        ("GaussianProcess", _FREE),
        ("LightGBM", _PAIR_PLAIN),
        *([("GradientBoosting", 0)] if few else [("LightGBM", _LARGE)]),
        ("LightGBM", _LOG_PLAIN),
        ("LightGBM", _PAIR_MID),
        ("LightGBM", _RICH_PLAIN),
        ("GaussianProcess", _EQUAL),
        ("NeuralNetwork", 1),
        ("XGBoostRegressor", 0),
        ("LightGBM", _RANDOM),
        ("LightGBM", _TINY),
        ("CatBoostRegressor", 1),
        ("NeuralNetwork", 2),
        ("LightGBM", _LOG_LARGE),
        ("LightGBM", _SLIM),
        ("LightGBM", _WIDE),
        *([("LightGBM", _LARGE)] if few else []),
        ("LightGBM", _ADDITIVE),
        ("ExtremeRandomTrees", 0),
        ("RandomForest", 0),
        ("FastLinearRegressor", 0),
        *([] if few else [("GradientBoosting", 0), ("KNN", 0)]),
        ("LassoLars", 0),
        ("SGD", 0),
        ("OnlineGradientDescentRegressor", 0),
        ("DecisionTree", 0),
    ]


def _lightgbm(context: SearchContext) -> list[Variant]:
    classes = max(context.n_classes or 1, 1)
    regression = context.task == "regression"
    # Many classes make a round dear, and so do many rows for little time: then each round takes a greater step.
    rate = (0.05 if classes <= 10 else 0.1) * _hurry(context)
    cap = _most_rounds(context) if classes <= 10 else max(600, 20_000 // classes)
    large_leaves = 180 if context.n_rows >= 20_000 else 84

    def config(label: str, leaves: int, smallest: int, **more: Any) -> Variant:
        params = {
            "learning_rate": rate,
            "num_leaves": max(2, min(leaves, max(context.n_rows // 20, 12))),
            "min_data_in_leaf": smallest,
            "bagging_freq": 1,
            "num_iterations": cap,
        }
        return f"LightGBM · {label}", params | more

    plain = (
        config("default", 100, 3, bagging_fraction=0.7)
        if regression
        else config("default", 50, 40, bagging_fraction=0.75)
    )
    found = [
        config(
            "mid-sized random trees",
            39,
            3,
            extra_trees=True,
            **_shape(0.46, 0.88, 0.24, 0.36, 0.34, 15.4, 16, 9),
        ),
        plain,
        config(
            "tiny random trees",
            12 if regression else 5,
            12,
            extra_trees=True,
            **_shape(0.73, 0.85, 0.24, 0.30, 0.011, 5.1, 67, 93),
        ),
        config(
            "large trees",
            large_leaves,
            12,
            learning_rate=max(0.03, rate * 0.6),
            extra_trees=large_leaves > 100,
            **_shape(0.40, 0.95, 0.77, 1.6, 0.22, 0.064, 11, 3),
        ),
        config("large random trees", 111, 6, extra_trees=True, **_shape(0.83, 0.9, 0.1, 0.6, 0.94, 11.1, 8, 8)),
        config("additive", 3, 17, **_shape(0.59, 0.84, 0.08, 0.77, 0.93, 0.09, 16, 11)),
        config("wide leaves", 64, 56, **_shape(0.62, 0.8, 0.5, 1.7, 0.66, 0.045, 9, 30)),
        config("slim", 16, 2, **_shape(0.43, 0.71, 0.51, 0.51, 0.87, 48.7, 16, 32)),
        config("regularized", 24, 20, **_shape(0.49, 0.78, 10.0, 10.0, 10.0, 10.0, 38, 83)),
    ]
    # Without categories there are hardly any target means, and one kind of features does.
    kinds = ("enriched", "arithmetic") if context.n_categorical else ("arithmetic", "arithmetic")
    found += [
        (f"{label}, {features} features", {**params, "features": features})
        for label, params in (found[_MID], found[_PLAIN])
        for features in kinds
    ]
    if context.log_target:
        found += [
            (f"{label}, log target", {**params, "log_target": True})
            for label, params in (found[_MID], found[_PLAIN], found[_LARGE])
        ]
    return found


def _hurry(context: SearchContext) -> float:
    """Return by how much steps are greater where a plain fit would take more than a tenth of the time."""
    if context.timeout_s is None:
        return 1.0
    return float(min(max((10 * _plain_s(context) / context.timeout_s) ** 0.5, 1.0), 3.0))


def _most_rounds(context: SearchContext) -> int:
    """Return after how many rounds a fit ends that still gains: those that a share of the time is enough for."""
    if context.timeout_s is None:
        return MOST_ROUNDS
    round_s = _plain_s(context, n_rounds=1000) / 1000
    return int(min(max(_ROUNDS_SHARE * context.timeout_s / round_s, _FEWEST_ROUNDS), MOST_ROUNDS))


def _plain_s(context: SearchContext, **more: Any) -> float:
    """Return how long a fit of mid-sized trees should take."""
    from automl_jupyter.search.cost import nominal_s

    params = {"num_leaves": 39, "learning_rate": 0.05, "feature_fraction": 0.46, **more}
    return nominal_s("LightGBM", params, context.n_rows, context)


def _shape(
    feature_fraction: float,
    bagging_fraction: float,
    lambda_l1: float,
    lambda_l2: float,
    cat_l2: float,
    cat_smooth: float,
    max_cat_to_onehot: int,
    min_data_per_group: int,
) -> dict[str, Any]:
    return {
        "feature_fraction": feature_fraction,
        "bagging_fraction": bagging_fraction,
        "lambda_l1": lambda_l1,
        "lambda_l2": lambda_l2,
        "cat_l2": cat_l2,
        "cat_smooth": cat_smooth,
        "max_cat_to_onehot": max_cat_to_onehot,
        "min_data_per_group": min_data_per_group,
    }


def _catboost(key: str, context: SearchContext) -> list[Variant]:
    # Combinations of categories make a round many times as dear, and gain where there are few of them.
    simple = {"max_ctr_complexity": 1, "one_hot_max_size": 15}
    few = context.n_categorical - context.n_binary <= 6
    plain: dict[str, Any] = {} if few else simple
    other = simple if few else {"max_ctr_complexity": 2}
    # Few rows need no fine grid of borders, which is most of a round's work there; each class is as much work again.
    coarse = {"border_count": 64} if context.n_rows < _FEW else {}
    quick = {"learning_rate": 0.1} if (context.n_classes or 1) > 2 else {}
    deep = {"learning_rate": 0.08, "depth": 8, "l2_leaf_reg": 2.8, **simple, **coarse, **quick}
    shallow = {"learning_rate": 0.08, "depth": 4, "l2_leaf_reg": 4.5, **other, **coarse, **quick}
    of_all = [(f"{key} · default", {**plain, **coarse, **quick}), (f"{key} · deep", deep)]
    # Few rows do not fill deep trees, and those take several times as long.
    of_few = [(f"{key} · shallow", shallow)]
    return [*of_few, *of_all] if context.n_rows < _FEW else [*of_all, *of_few]


def _networks(listed: list[Variant], context: SearchContext) -> list[Variant]:
    found = [*listed, *([("log target", {"log_target": True})] if context.log_target else [])]
    passes: dict[str, int] = {}
    if context.n_rows < _FEW:
        # Too few to choose a pass by: a network learns its rows by heart, the sooner the noisier they are. The
        # configuration that is not named here goes on, for targets without noise.
        passes = {"default": 32, "regularized": 16 if context.task == "classification" else 32, "log target": 32}
    shorter = {what: {"n_epochs": n} for what, n in passes.items()}
    return [(f"NeuralNetwork · {what}", {**params, **shorter.get(what, {})}) for what, params in found]


def _forest(key: str, context: SearchContext) -> list[Variant]:
    trees = 200 if context.n_rows <= 5000 else 150 if context.n_rows <= 50_000 else 100
    classification = context.task == "classification"
    random = key == "ExtremeRandomTrees"
    smallest = 1 if context.n_rows <= 50_000 else 5

    def config(label: str, features: float | str, leaf: int, criterion: str, *, bootstrap: bool) -> Variant:
        return f"{key} · {label}", {
            "n_estimators": trees,
            "max_features": features,
            "min_samples_leaf": leaf,
            "bootstrap": bootstrap,
            "criterion": criterion,
        }

    if classification:
        return [
            config("default", "sqrt", smallest, "gini", bootstrap=not random),
            config("most features", 0.75, smallest, "entropy", bootstrap=not random),
            config("larger leaves", 0.5, 5 * smallest, "gini", bootstrap=not random),
            config("few features", "log2", smallest, "entropy", bootstrap=not random),
            config("smooth", 0.75, 20, "entropy", bootstrap=True),
        ]
    return [
        config("default", 1.0 if random else 0.5, 2 * smallest, "squared_error", bootstrap=not random),
        config("most features", 0.75, smallest, "squared_error", bootstrap=not random),
        config("larger leaves", 1.0, 5 * smallest, "squared_error", bootstrap=not random),
        config("few features", "sqrt", smallest, "squared_error", bootstrap=not random),
        config("smooth", 0.75, 20, "squared_error", bootstrap=True),
    ]


_Table = dict[str, list[Variant]]

_CLASSIFICATION: _Table = {
    "LogisticRegression": [
        ("C = 1", {"C": 1.0}),
        ("C = 0.03", {"C": 0.03}),
        ("C = 30", {"C": 30.0}),
        ("balanced classes", {"C": 1.0, "class_weight": "balanced"}),
    ],
    "LinearSVM": [("C = 0.1", {"C": 0.1}), ("C = 1", {"C": 1.0}), ("C = 0.003", {"C": 0.003})],
    "SVM": [("C = 1", {"C": 1.0}), ("C = 10", {"C": 10.0}), ("C = 0.1", {"C": 0.1})],
    "SGD": [
        ("alpha = 1e-4", {"alpha": 1e-4}),
        ("alpha = 1e-6", {"alpha": 1e-6}),
        ("sparse", {"alpha": 1e-4, "penalty": "elasticnet"}),
    ],
    "BernoulliNaiveBayes": [("", {}), ("alpha = 0.05", {"alpha": 0.05}), ("alpha = 5", {"alpha": 5.0})],
    "MultinomialNaiveBayes": [("", {}), ("alpha = 0.05", {"alpha": 0.05}), ("alpha = 5", {"alpha": 5.0})],
    "NeuralNetwork": [
        ("default", {"weight_decay": 0.1, "smoothing": 0.03}),
        ("regularized", {"weight_decay": 0.5}),
        ("free", {}),
    ],
    "AveragedPerceptronClassifier": [
        ("", {}),
        ("2 passes", {"max_iter": 2}),
        ("30 passes", {"max_iter": 30}),
    ],
}

_REGRESSION: _Table = {
    "NeuralNetwork": [
        ("default", {}),
        ("regularized", {"weight_decay": 0.5}),
        ("long", {"n_epochs": 192, "most_steps": 8000}),
    ],
    "ElasticNet": [
        ("alpha = 1e-3", {"alpha": 1e-3, "l1_ratio": 0.5}),
        ("alpha = 1e-2", {"alpha": 1e-2, "l1_ratio": 0.5}),
        ("nearly ridge", {"alpha": 1e-4, "l1_ratio": 0.05}),
        ("lasso", {"alpha": 3e-3, "l1_ratio": 1.0}),
    ],
    "LassoLars": [
        ("alpha = 1e-3", {"alpha": 1e-3}),
        ("alpha = 1e-4", {"alpha": 1e-4}),
        ("alpha = 1e-2", {"alpha": 1e-2}),
    ],
    "SGD": [
        ("alpha = 1e-4", {"alpha": 1e-4}),
        ("alpha = 1e-6", {"alpha": 1e-6}),
        ("sparse", {"alpha": 1e-3, "penalty": "elasticnet"}),
    ],
    "FastLinearRegressor": [
        ("alpha = 1", {"alpha": 1.0}),
        ("alpha = 30", {"alpha": 30.0}),
        ("alpha = 1000", {"alpha": 1e3}),
    ],
    "OnlineGradientDescentRegressor": [
        ("", {}),
        ("alpha = 1e-6", {"alpha": 1e-6}),
        ("alpha = 1e-3", {"alpha": 1e-3}),
    ],
}

_SHARED: _Table = {
    "GaussianProcess": [
        ("", {}),
        ("equal lengths", {"relevance": 0.0}),
        ("free lengths", {"relevance": 1.0}),
    ],
    "KNN": [
        ("15 neighbours", {"n_neighbors": 15, "weights": "distance"}),
        ("5 neighbours", {"n_neighbors": 5, "weights": "distance"}),
        ("40 neighbours", {"n_neighbors": 40, "weights": "distance", "p": 1}),
        ("15 equal neighbours", {"n_neighbors": 15, "weights": "uniform"}),
    ],
    "DecisionTree": [
        ("depth 8", {"max_depth": 8, "min_samples_leaf": 10}),
        ("depth 4", {"max_depth": 4, "min_samples_leaf": 5}),
        ("depth 16", {"max_depth": 16, "min_samples_leaf": 20}),
    ],
    "GradientBoosting": [
        ("depth 4", {"learning_rate": 0.1, "max_depth": 4}),
        ("depth 2", {"learning_rate": 0.1, "max_depth": 2}),
        ("depth 6", {"learning_rate": 0.05, "max_depth": 6}),
    ],
}

_XGBOOST: list[Variant] = [
    (
        "default",
        {
            "learning_rate": 0.08,
            "max_depth": 6,
            "subsample": 0.65,
            "colsample_bylevel": 0.9,
            "min_child_weight": 5e-6,
        },
    ),
    ("deep", {"learning_rate": 0.05, "max_depth": 9, "subsample": 0.7, "min_child_weight": 2.0}),
    ("shallow", {"learning_rate": 0.08, "max_depth": 3, "subsample": 0.8, "colsample_bylevel": 0.7}),
]
