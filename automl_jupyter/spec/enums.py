"""Names as enumerations, for code written with them; text does the same everywhere."""

from __future__ import annotations

from enum import StrEnum


class ClassificationModels(StrEnum):
    """Learners of classification."""

    LOGISTIC_REGRESSION = "LogisticRegression"
    SGD = "SGD"
    MULTINOMIAL_NAIVE_BAYES = "MultinomialNaiveBayes"
    BERNOULLI_NAIVE_BAYES = "BernoulliNaiveBayes"
    SVM = "SVM"
    LINEAR_SVM = "LinearSVM"
    KNN = "KNN"
    DECISION_TREE = "DecisionTree"
    RANDOM_FOREST = "RandomForest"
    EXTREME_RANDOM_TREES = "ExtremeRandomTrees"
    LIGHT_GBM = "LightGBM"
    GRADIENT_BOOSTING = "GradientBoosting"
    XG_BOOST_CLASSIFIER = "XGBoostClassifier"
    CAT_BOOST_CLASSIFIER = "CatBoostClassifier"
    AVERAGED_PERCEPTRON_CLASSIFIER = "AveragedPerceptronClassifier"
    NEURAL_NETWORK = "NeuralNetwork"
    GAUSSIAN_PROCESS = "GaussianProcess"


class RegressionModels(StrEnum):
    """Learners of regression."""

    ELASTIC_NET = "ElasticNet"
    LASSO_LARS = "LassoLars"
    SGD = "SGD"
    KNN = "KNN"
    DECISION_TREE = "DecisionTree"
    RANDOM_FOREST = "RandomForest"
    EXTREME_RANDOM_TREES = "ExtremeRandomTrees"
    LIGHT_GBM = "LightGBM"
    GRADIENT_BOOSTING = "GradientBoosting"
    NEURAL_NETWORK = "NeuralNetwork"
    GAUSSIAN_PROCESS = "GaussianProcess"
    XG_BOOST_REGRESSOR = "XGBoostRegressor"
    CAT_BOOST_REGRESSOR = "CatBoostRegressor"
    FAST_LINEAR_REGRESSOR = "FastLinearRegressor"
    ONLINE_GRADIENT_DESCENT_REGRESSOR = "OnlineGradientDescentRegressor"


class ForecastingModels(StrEnum):
    """Learners of forecasting."""

    ELASTIC_NET = "ElasticNet"
    LASSO_LARS = "LassoLars"
    SGD = "SGD"
    KNN = "KNN"
    DECISION_TREE = "DecisionTree"
    RANDOM_FOREST = "RandomForest"
    EXTREME_RANDOM_TREES = "ExtremeRandomTrees"
    LIGHT_GBM = "LightGBM"
    GRADIENT_BOOSTING = "GradientBoosting"
    NEURAL_NETWORK = "NeuralNetwork"
    GAUSSIAN_PROCESS = "GaussianProcess"
    XG_BOOST_REGRESSOR = "XGBoostRegressor"
    CAT_BOOST_REGRESSOR = "CatBoostRegressor"
    FAST_LINEAR_REGRESSOR = "FastLinearRegressor"
    ONLINE_GRADIENT_DESCENT_REGRESSOR = "OnlineGradientDescentRegressor"
    NAIVE = "Naive"
    SEASONAL_NAIVE = "SeasonalNaive"
    AVERAGE = "Average"
    SEASONAL_AVERAGE = "SeasonalAverage"
    THETA = "Theta"
    EXPONENTIAL_SMOOTHING = "ExponentialSmoothing"
    AUTO_ARIMA = "AutoArima"
    ARIMAX = "Arimax"
    PROPHET = "Prophet"
    TCN_FORECASTER = "TCNForecaster"
    AUTO_ETS = "AutoETS"
    AUTO_THETA = "AutoTheta"
    AUTO_CES = "AutoCES"
    MSTL = "MSTL"


class ClassificationPrimaryMetrics(StrEnum):
    """Azure Machine Learning's primary metrics of classification; others can be named as text."""

    ACCURACY = "accuracy"
    AUC_WEIGHTED = "AUC_weighted"
    NORM_MACRO_RECALL = "norm_macro_recall"
    AVERAGE_PRECISION_SCORE_WEIGHTED = "average_precision_score_weighted"
    PRECISION_SCORE_WEIGHTED = "precision_score_weighted"


class RegressionPrimaryMetrics(StrEnum):
    """Azure Machine Learning's primary metrics of regression; others can be named as text."""

    NORMALIZED_ROOT_MEAN_SQUARED_ERROR = "normalized_root_mean_squared_error"
    R2_SCORE = "r2_score"
    NORMALIZED_MEAN_ABSOLUTE_ERROR = "normalized_mean_absolute_error"
    SPEARMAN_CORRELATION = "spearman_correlation"


class ForecastingPrimaryMetrics(StrEnum):
    """Azure Machine Learning's primary metrics of forecasting."""

    NORMALIZED_ROOT_MEAN_SQUARED_ERROR = "normalized_root_mean_squared_error"
    R2_SCORE = "r2_score"
    NORMALIZED_MEAN_ABSOLUTE_ERROR = "normalized_mean_absolute_error"
    SPEARMAN_CORRELATION = "spearman_correlation"


class ClassificationMultilabelPrimaryMetrics(StrEnum):
    """Primary metrics of multi-label image classification."""

    ACCURACY = "accuracy"
    AUC_WEIGHTED = "AUC_weighted"
    NORM_MACRO_RECALL = "norm_macro_recall"
    AVERAGE_PRECISION_SCORE_WEIGHTED = "average_precision_score_weighted"
    PRECISION_SCORE_WEIGHTED = "precision_score_weighted"
    IOU = "IOU"


class ObjectDetectionPrimaryMetrics(StrEnum):
    """Primary metrics of object detection."""

    MEAN_AVERAGE_PRECISION = "mean_average_precision"


class InstanceSegmentationPrimaryMetrics(StrEnum):
    """Primary metrics of instance segmentation."""

    MEAN_AVERAGE_PRECISION = "mean_average_precision"


class BlockedTransformers(StrEnum):
    """Transformers that can be blocked."""

    TEXT_TARGET_ENCODER = "TextTargetEncoder"
    ONE_HOT_ENCODER = "OneHotEncoder"
    CAT_TARGET_ENCODER = "CatTargetEncoder"
    TF_IDF = "TfIdf"
    WO_E_TARGET_ENCODER = "WoETargetEncoder"
    LABEL_ENCODER = "LabelEncoder"
    WORD_EMBEDDING = "WordEmbedding"
    NAIVE_BAYES = "NaiveBayes"
    COUNT_VECTORIZER = "CountVectorizer"
    HASH_ONE_HOT_ENCODER = "HashOneHotEncoder"


class FeaturizationMode(StrEnum):
    """Modes of featurization."""

    AUTO = "auto"
    CUSTOM = "custom"
    OFF = "off"


class NCrossValidationsMode(StrEnum):
    """How the number of folds is given."""

    AUTO = "auto"
    CUSTOM = "custom"


class ForecastHorizonMode(StrEnum):
    """How the horizon is given."""

    AUTO = "auto"
    CUSTOM = "custom"


class TargetLagsMode(StrEnum):
    """How target lags are given."""

    AUTO = "auto"
    CUSTOM = "custom"


class TargetRollingWindowSizeMode(StrEnum):
    """How the rolling window is given."""

    AUTO = "auto"
    CUSTOM = "custom"


class ShortSeriesHandlingConfiguration(StrEnum):
    """What happens to short series."""

    NONE = "none"
    AUTO = "auto"
    PAD = "pad"
    DROP = "drop"


class TargetAggregationFunction(StrEnum):
    """How target values within a period are combined."""

    NONE = "none"
    SUM = "sum"
    MAX = "max"
    MIN = "min"
    MEAN = "mean"


class UseStl(StrEnum):
    """Components of a seasonal-trend decomposition."""

    NONE = "none"
    SEASON = "season"
    SEASON_TREND = "season_trend"


class LogTrainingMetrics(StrEnum):
    """Whether metrics of the training rows are logged."""

    ENABLE = "enable"
    DISABLE = "disable"


class LogValidationLoss(StrEnum):
    """Whether the validation loss is logged."""

    ENABLE = "enable"
    DISABLE = "disable"


class LearningRateScheduler(StrEnum):
    """Learning-rate schedules of image jobs."""

    WARMUP_COSINE = "warmup_cosine"
    STEP = "step"


class SamplingAlgorithmType(StrEnum):
    """How hyperparameters are drawn."""

    RANDOM = "random"
    GRID = "grid"
    BAYESIAN = "bayesian"


class StochasticOptimizer(StrEnum):
    """Optimizers of image jobs."""

    SGD = "sgd"
    ADAM = "adam"
    ADAMW = "adamw"


class ValidationMetricType(StrEnum):
    """How mean average precision is computed."""

    VOC = "voc"
    COCO = "coco"
    COCO_VOC = "coco_voc"
