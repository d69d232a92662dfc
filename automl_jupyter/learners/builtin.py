"""The learners that ship with the package, as a table."""

from __future__ import annotations

from automl_jupyter.learners.info import LearnerInfo

_HERE = "automl_jupyter.learners"
_BOTH = ("classification", "regression")
_CLASSES = ("classification",)
_VALUES = ("regression",)
_SERIES = ("forecasting",)
#: A tree as scikit-learn holds it: numpy arrays, rebuilt by its own class.
_TREES = ("sklearn.tree._tree.Tree",)
_NEIGHBORS = (
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._kd_tree.KDTree64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._ball_tree.BallTree64",
    *(
        f"sklearn.metrics._dist_metrics.{name}Distance{bits}"
        for name in ("Euclidean", "Manhattan", "Minkowski")
        for bits in ("", "64", "32")
    ),
)
_CALIBRATED = (f"{_HERE}.calibrated.CalibratedMargin",)

BUILTIN: tuple[LearnerInfo, ...] = (
    LearnerInfo(
        "LightGBM",
        _BOTH,
        "tree",
        f"{_HERE}.light_gbm",
        iterative=True,
        seed_matters=True,
        onnx=True,
        trusted_types=(
            f"{_HERE}.light_gbm_model.LightGBMClassifier",
            f"{_HERE}.light_gbm_model.LightGBMRegressor",
        ),
    ),
    LearnerInfo("LogisticRegression", _CLASSES, "linear", f"{_HERE}.linear.logistic", cost=0.5, onnx=True, scaled=True),
    LearnerInfo("ElasticNet", _VALUES, "linear", f"{_HERE}.linear.elastic_net", cost=0.5, onnx=True, scaled=True),
    LearnerInfo("FastLinearRegressor", _VALUES, "linear", f"{_HERE}.linear.ridge", cost=0.2, onnx=True, scaled=True),
    LearnerInfo(
        "ExtremeRandomTrees",
        _BOTH,
        "tree",
        f"{_HERE}.forest.extra_trees",
        iterative=True,
        cost=1.9,
        onnx=True,
        trusted_types=_TREES,
    ),
    LearnerInfo(
        "RandomForest",
        _BOTH,
        "tree",
        f"{_HERE}.forest.random_forest",
        iterative=True,
        cost=2.0,
        onnx=True,
        trusted_types=_TREES,
    ),
    LearnerInfo("SGD", _BOTH, "linear", f"{_HERE}.linear.sgd", cost=0.3, onnx=True, scaled=True),
    LearnerInfo(
        "LinearSVM",
        _CLASSES,
        "linear",
        f"{_HERE}.linear.svm",
        iterative=True,
        cost=1.5,
        max_classes=100,
        scaled=True,
        trusted_types=_CALIBRATED,
    ),
    LearnerInfo(
        "AveragedPerceptronClassifier",
        _CLASSES,
        "linear",
        f"{_HERE}.linear.perceptron",
        iterative=True,
        cost=0.6,
        max_classes=100,
        scaled=True,
        trusted_types=_CALIBRATED,
    ),
    LearnerInfo(
        "OnlineGradientDescentRegressor", _VALUES, "linear", f"{_HERE}.linear.online", cost=0.3, onnx=True, scaled=True
    ),
    LearnerInfo(
        "LassoLars",
        _VALUES,
        "dense",
        f"{_HERE}.linear.lasso_lars",
        sample_weight=False,
        cost=0.3,
        onnx=True,
        scaled=True,
    ),
    LearnerInfo(
        "DecisionTree",
        _BOTH,
        "tree",
        f"{_HERE}.forest.decision_tree",
        cost=0.3,
        onnx=True,
        trusted_types=_TREES,
    ),
    LearnerInfo(
        "GradientBoosting",
        _BOTH,
        "dense",
        f"{_HERE}.gradient_boosting",
        iterative=True,
        seed_matters=True,
        cost=8.0,
        max_rows=50_000,
        max_classes=20,
        onnx=True,
        trusted_types=_TREES,
    ),
    LearnerInfo(
        "KNN",
        _BOTH,
        "dense",
        f"{_HERE}.neighbors",
        sample_weight=False,
        cost=2.0,
        max_rows=50_000,
        onnx=True,
        scaled=True,
        trusted_types=_NEIGHBORS,
    ),
    LearnerInfo(
        "SVM",
        _CLASSES,
        "dense",
        f"{_HERE}.kernel_svm",
        iterative=True,
        cost=20.0,
        max_rows=10_000,
        max_classes=30,
        scaled=True,
        trusted_types=_CALIBRATED,
    ),
    LearnerInfo("MultinomialNaiveBayes", _CLASSES, "counts", f"{_HERE}.bayes.multinomial", cost=0.1, onnx=True),
    LearnerInfo("BernoulliNaiveBayes", _CLASSES, "counts", f"{_HERE}.bayes.bernoulli", cost=0.1, onnx=True),
    LearnerInfo(
        "XGBoostClassifier",
        _CLASSES,
        "tree",
        f"{_HERE}.xg_boost",
        requires="xgboost",
        iterative=True,
        seed_matters=True,
        cost=1.6,
        onnx=True,
        trusted_types=(f"{_HERE}.xg_boost.XGBoostClassifier",),
    ),
    LearnerInfo(
        "XGBoostRegressor",
        _VALUES,
        "tree",
        f"{_HERE}.xg_boost",
        requires="xgboost",
        iterative=True,
        seed_matters=True,
        cost=1.6,
        onnx=True,
        trusted_types=(f"{_HERE}.xg_boost.XGBoostRegressor",),
    ),
    LearnerInfo(
        "CatBoostClassifier",
        _CLASSES,
        "tree",
        f"{_HERE}.cat_boost",
        requires="catboost",
        iterative=True,
        seed_matters=True,
        cost=5.0,
        trusted_types=(f"{_HERE}.cat_boost.CatBoostClassifier",),
    ),
    LearnerInfo(
        "CatBoostRegressor",
        _VALUES,
        "tree",
        f"{_HERE}.cat_boost",
        requires="catboost",
        iterative=True,
        seed_matters=True,
        cost=5.0,
        trusted_types=(f"{_HERE}.cat_boost.CatBoostRegressor",),
    ),
    LearnerInfo(
        "NeuralNetwork",
        _BOTH,
        "dense",
        f"{_HERE}.neural.neural_network",
        iterative=True,
        paced=True,
        cost=10.0,
        seed_matters=True,
        unsteady=True,
        trusted_types=(
            f"{_HERE}.neural.model.NeuralNetworkClassifier",
            f"{_HERE}.neural.model.NeuralNetworkRegressor",
        ),
    ),
    LearnerInfo(
        "GaussianProcess",
        _BOTH,
        "dense",
        f"{_HERE}.gaussian.gaussian_process",
        cost=5.0,
        max_rows=5000,
        max_classes=200,
        trusted_types=(
            f"{_HERE}.gaussian.model.GaussianProcessClassifier",
            f"{_HERE}.gaussian.model.GaussianProcessRegressor",
        ),
    ),
    *(
        LearnerInfo(key, _SERIES, "series", f"{_HERE}.series.naive", sample_weight=False, cost=0.01)
        for key in ("Naive", "SeasonalNaive", "Average", "SeasonalAverage")
    ),
    LearnerInfo("Theta", _SERIES, "series", f"{_HERE}.series.theta", sample_weight=False, cost=0.05),
    LearnerInfo("ExponentialSmoothing", _SERIES, "series", f"{_HERE}.series.smoothing", sample_weight=False, cost=0.1),
    LearnerInfo("AutoArima", _SERIES, "series", f"{_HERE}.series.arima", sample_weight=False, cost=2.0),
    LearnerInfo("Arimax", _SERIES, "series", f"{_HERE}.series.arima", sample_weight=False, cost=3.0, columns=True),
    LearnerInfo(
        "Prophet",
        _SERIES,
        "series",
        f"{_HERE}.series.prophet",
        requires="prophet",
        sample_weight=False,
        cost=10.0,
        columns=True,
    ),
    *(
        LearnerInfo(
            key,
            _SERIES,
            "series",
            f"{_HERE}.series.stats_forecast",
            requires="statsforecast",
            sample_weight=False,
            cost=1.0,
        )
        for key in ("AutoETS", "AutoTheta", "AutoCES", "MSTL")
    ),
    LearnerInfo(
        "TCNForecaster",
        _SERIES,
        "sequence",
        f"{_HERE}.sequence.tcn",
        requires="torch",
        sample_weight=False,
        iterative=True,
        cost=20.0,
        seed_matters=True,
        unsteady=True,
    ),
    LearnerInfo("Dummy", _BOTH, "none", f"{_HERE}.dummy", cost=0.01),
)
