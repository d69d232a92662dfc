"""Image jobs: classification, multi-label classification, object detection, instance segmentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from automl_jupyter.errors import Problem
from automl_jupyter.spec.base import Section, deprecated
from automl_jupyter.spec.deep import DeepJob
from automl_jupyter.spec.job import passed
from automl_jupyter.spec.kinds import (
    Allowed,
    Count,
    CountOrZero,
    Flag,
    Fraction,
    Share,
    ShareBelowOne,
    Text,
    as_flag,
    as_text,
    as_whole,
    one_of,
)
from automl_jupyter.spec.limits import ImageLimitSettings
from automl_jupyter.spec.metric_names import metric_check


def _bit(value: object) -> bool:
    return bool(value) if isinstance(value, int) and value in (0, 1) else as_flag(value)


def _tiles(value: object) -> str:
    text = str(as_text(value))
    if not re.fullmatch(r"[1-9]\d*x[1-9]\d*", text):
        raise ValueError
    return text


def _loss_weight(value: object) -> int:
    number = as_whole(value)
    if number not in (0, 1, 2):
        raise ValueError
    return number


Bit = Annotated[bool, BeforeValidator(_bit), Allowed("true or false")]
Tiles = Annotated[str, BeforeValidator(_tiles), Allowed("two numbers of tiles such as '3x2'")]
LossWeight = Annotated[int, Field(ge=0, le=2), BeforeValidator(_loss_weight), Allowed("0, 1 or 2")]
Optimizer = Annotated[
    Literal["sgd", "adam", "adamw"],
    BeforeValidator(one_of("sgd", "adam", "adamw")),
    Allowed("sgd, adam or adamw"),
]
Scheduler = Annotated[
    Literal["warmup_cosine", "step"],
    BeforeValidator(one_of("warmup_cosine", "step")),
    Allowed("warmup_cosine or step"),
]
ModelSize = Annotated[
    Literal["small", "medium", "large", "xlarge"],
    BeforeValidator(lambda v: "xlarge" if v in ("extra_large", "ExtraLarge") else _model_size(v)),
    Allowed("small, medium, large or xlarge"),
]
_model_size = one_of("small", "medium", "large", "xlarge")
MetricType = Annotated[
    Literal["voc", "coco", "coco_voc"],
    BeforeValidator(one_of("voc", "coco", "coco_voc")),
    Allowed("voc, coco or coco_voc"),
]
Switch = Annotated[
    Literal["enable", "disable"], BeforeValidator(one_of("enable", "disable")), Allowed("enable or disable")
]


class ImageModelSettings(Section):
    """Training parameters that every image task has; an unset one gets the network's default."""

    model_name: Text | None = Field(None, description="The network to train.")
    number_of_epochs: Count | None = Field(None, description="Passes over the training rows.")
    training_batch_size: Count | None = Field(None, description="Images in one training step.")
    validation_batch_size: Count | None = Field(None, description="Images in one validation step.")
    gradient_accumulation_step: Count | None = Field(
        None, description="Steps whose gradients are added up before the weights change."
    )
    early_stopping: Bit | None = Field(None, description="Whether training stops when validation no longer improves.")
    early_stopping_patience: Count | None = Field(None, description="Epochs without improvement before training stops.")
    early_stopping_delay: Count | None = Field(None, description="Epochs before early stopping may begin.")
    learning_rate: Share | None = Field(None, description="The first learning rate.")
    optimizer: Optimizer | None = Field(None, description="The optimizer.")
    momentum: Share | None = Field(None, description="Momentum; for sgd only.")
    weight_decay: Share | None = Field(None, description="Weight decay.")
    nesterov: Bit | None = Field(None, description="Whether momentum is Nesterov's; for sgd only.")
    beta1: Share | None = Field(None, description="Decay of the gradient's mean; for adam and adamw only.")
    beta2: Share | None = Field(None, description="Decay of the gradient's variance; for adam and adamw only.")
    ams_gradient: Bit | None = Field(None, description="Whether the AMSGrad form is used; for adam and adamw only.")
    learning_rate_scheduler: Scheduler | None = Field(None, description="How the learning rate changes.")
    warmup_cosine_lr_cycles: Share | None = Field(None, description="Cosine cycles of the warmup_cosine schedule.")
    warmup_cosine_lr_warmup_epochs: Count | None = Field(
        None, description="Epochs of warm-up of the warmup_cosine schedule."
    )
    step_lr_gamma: Share | None = Field(None, description="Factor of the step schedule.")
    step_lr_step_size: Count | None = Field(None, description="Epochs between changes of the step schedule.")
    evaluation_frequency: Count | None = Field(None, description="Epochs between validations.")
    checkpoint_frequency: Count | None = Field(None, description="Epochs between checkpoints.")
    checkpoint_run_id: Text | None = Field(None, description="The job whose checkpoint training goes on from.")
    random_seed: CountOrZero | None = Field(None, description="The seed of this training.")
    number_of_workers: CountOrZero | None = Field(None, description="Processes that load images.")
    distributed: Flag | None = Field(None, description="Whether training uses several devices.")
    enable_onnx_normalization: Flag | None = Field(
        None, description="Whether normalisation becomes part of the ONNX model."
    )
    layers_to_freeze: Count | None = Field(None, description="Leading groups of layers that are not trained.")
    advanced_settings: Text | None = Field(None, description="Further settings, as JSON text.")


class ImageModelSettingsClassification(ImageModelSettings):
    """Training parameters of image classification.

    Examples
    --------
    >>> ImageModelSettingsClassification(model_name="resnet50", early_stopping=1).early_stopping
    True
    """

    training_crop_size: Count | None = Field(None, description="Side of the training crop, in pixels.")
    validation_crop_size: Count | None = Field(None, description="Side of the validation crop, in pixels.")
    validation_resize_size: Count | None = Field(
        None, description="Side to which validation images are resized before the crop, in pixels."
    )
    weighted_loss: LossWeight | None = Field(
        None, description="Class weights in the loss: 0 none, 1 square root, 2 linear."
    )


class ImageModelSettingsObjectDetection(ImageModelSettings):
    """Training parameters of object detection and instance segmentation.

    Examples
    --------
    >>> ImageModelSettingsObjectDetection(tile_grid_size="3x2").tile_grid_size
    '3x2'
    """

    box_detections_per_image: Count | None = Field(None, description="The most boxes per image; not for yolov5.")
    box_score_threshold: Share | None = Field(None, description="Boxes scored below this are dropped.")
    image_size: Count | None = Field(None, description="Side of the image, in pixels; for yolov5 only.")
    max_size: Count | None = Field(None, description="Longest side after resizing, in pixels; not for yolov5.")
    min_size: Count | None = Field(None, description="Shortest side after resizing, in pixels; not for yolov5.")
    model_size: ModelSize | None = Field(None, description="Size of the network; for yolov5 only.")
    multi_scale: Bit | None = Field(None, description="Whether the image size varies by half; for yolov5 only.")
    nms_iou_threshold: Share | None = Field(
        None, description="Overlap above which the lower-scored of two boxes is dropped."
    )
    tile_grid_size: Tiles | None = Field(None, description="Tiles an image is cut into, such as 3x2; not for yolov5.")
    tile_overlap_ratio: ShareBelowOne | None = Field(None, description="Overlap of neighbouring tiles; not for yolov5.")
    tile_predictions_nms_threshold: Share | None = Field(
        None, description="Overlap above which boxes of neighbouring tiles are merged; not for yolov5."
    )
    validation_iou_threshold: Share | None = Field(None, description="Overlap at which a box counts as found.")
    validation_metric_type: MetricType | None = Field(None, description="How mean average precision is computed.")
    log_training_metrics: Switch | None = Field(None, description="Whether metrics of the training rows are logged.")
    log_validation_loss: Switch | None = Field(None, description="Whether the validation loss is logged.")


_ONLY_SGD = ("momentum", "nesterov")
_ONLY_ADAM = ("beta1", "beta2", "ams_gradient")
_ONLY_YOLO = ("image_size", "model_size", "multi_scale")
_NOT_YOLO = (
    "box_detections_per_image", "min_size", "max_size", "tile_grid_size", "tile_overlap_ratio",
    "tile_predictions_nms_threshold",
)  # fmt: skip


def _parameter_conflicts(parameters: ImageModelSettings) -> Iterator[Problem]:
    optimizer, model = parameters.optimizer, parameters.model_name
    rules: list[tuple[tuple[str, ...], str]] = []
    if optimizer == "sgd":
        rules.append((_ONLY_ADAM, "is for adam and adamw only; the optimizer is sgd."))
    elif optimizer is not None:
        rules.append((_ONLY_SGD, f"is for sgd only; the optimizer is {optimizer}."))
    if model is not None and model.lower().startswith("yolo"):
        rules.append((_NOT_YOLO, f"cannot be used with the model {model}."))
    elif model is not None:
        rules.append((_ONLY_YOLO, f"is for yolov5 only; the model is {model}."))
    for names, message in rules:
        for name in names:
            if getattr(parameters, name, None) is not None:
                yield Problem(f"training_parameters.{name}", message)


class ImageJob(DeepJob):
    """What the four image jobs share."""

    validation_data_size: Fraction | None = Field(
        None,
        description="Share of the training rows held out to validate on. Unset: 0.2 without validation_data.",
    )
    limits: ImageLimitSettings = Field(
        default_factory=ImageLimitSettings.model_construct, description="When the job stops."
    )
    training_parameters: ImageModelSettings = Field(
        default_factory=ImageModelSettings.model_construct, description="Training parameters of every trial."
    )

    def conflicts(self) -> list[Problem]:
        """Return the contradictions between what has been set so far."""
        found = [*super().conflicts(), *_parameter_conflicts(self.training_parameters)]
        if self.validation_data is not None and self.validation_data_size is not None:
            message = "is given and so is validation_data_size; keep one of the two."
            found.append(Problem("validation_data", message))
        return found

    def set_data(
        self,
        *,
        training_data: Any = None,
        target_column_name: str | None = None,
        validation_data: Any = None,
        validation_data_size: float | None = None,
        **unknown: Any,
    ) -> None:
        """Set the tables and the target; what is not passed stays.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self.change(passed(locals()))

    def set_limits(
        self,
        *,
        max_concurrent_trials: int | None = None,
        max_trials: int | None = None,
        timeout_minutes: float | None = None,
        **unknown: Any,
    ) -> None:
        """Set when the job stops; what is not passed stays. See :class:`ImageLimitSettings`.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        self._set("limits", passed(locals()))

    def set_sweep(
        self,
        *,
        sampling_algorithm: str | None = None,
        early_termination: Any = None,
        max_trials: int | None = None,
        max_concurrent_trials: int | None = None,
        **unknown: Any,
    ) -> None:
        """Set how the search space is sampled; what is not passed stays. Limits here are a former form.

        Raises
        ------
        SpecError
            With every problem of the values and between them.
        """
        limits = passed({"max_trials": max_trials, "max_concurrent_trials": max_concurrent_trials})
        for name in limits:
            deprecated(f"set_sweep({name}=)", f"set_limits({name}=)")
        sweep = passed(
            {
                "sampling_algorithm": sampling_algorithm,
                "early_termination": early_termination,
                "unknown": unknown,
            }
        )
        self.change({"sweep": sweep, **({"limits": limits} if limits else {})})

    def set_image_model(self, **parameters: Any) -> None:
        """Call :meth:`set_training_parameters` under its former name."""
        deprecated("set_image_model", "set_training_parameters")
        self.set_training_parameters(**parameters)


_METRIC = Allowed("the name of a metric")


class ImageClassificationJob(ImageJob):
    """A job that gives an image one label.

    Examples
    --------
    >>> ImageClassificationJob(training_data="./train", target_column_name="label").task
    'image_classification'
    """

    parameters_class: ClassVar[type[Section]] = ImageModelSettingsClassification

    task: Literal["image_classification"] = Field("image_classification", description="The kind of problem.")
    primary_metric: Annotated[str, BeforeValidator(metric_check("image_classification")), _METRIC] | None = Field(
        None, description="The metric that ranks the trials. Unset: accuracy."
    )
    training_parameters: ImageModelSettingsClassification = Field(
        default_factory=ImageModelSettingsClassification.model_construct,
        description="Training parameters of every trial.",
    )


class ImageClassificationMultilabelJob(ImageJob):
    """A job that gives an image any number of labels.

    Examples
    --------
    >>> ImageClassificationMultilabelJob(training_data="./train", target_column_name="label").task
    'image_classification_multilabel'
    """

    parameters_class: ClassVar[type[Section]] = ImageModelSettingsClassification

    task: Literal["image_classification_multilabel"] = Field(
        "image_classification_multilabel", description="The kind of problem."
    )
    primary_metric: Annotated[str, BeforeValidator(metric_check("image_classification_multilabel")), _METRIC] | None = (
        Field(None, description="The metric that ranks the trials. Unset: IOU.")
    )
    training_parameters: ImageModelSettingsClassification = Field(
        default_factory=ImageModelSettingsClassification.model_construct,
        description="Training parameters of every trial.",
    )


class ImageObjectDetectionJob(ImageJob):
    """A job that finds objects in an image and draws boxes around them.

    Examples
    --------
    >>> ImageObjectDetectionJob(training_data="./train", target_column_name="label").task
    'image_object_detection'
    """

    parameters_class: ClassVar[type[Section]] = ImageModelSettingsObjectDetection

    task: Literal["image_object_detection"] = Field("image_object_detection", description="The kind of problem.")
    primary_metric: Annotated[str, BeforeValidator(metric_check("image_object_detection")), _METRIC] | None = Field(
        None, description="The metric that ranks the trials. Unset: mean_average_precision."
    )
    training_parameters: ImageModelSettingsObjectDetection = Field(
        default_factory=ImageModelSettingsObjectDetection.model_construct,
        description="Training parameters of every trial.",
    )


class ImageInstanceSegmentationJob(ImageJob):
    """A job that finds objects in an image and draws their outlines.

    Examples
    --------
    >>> ImageInstanceSegmentationJob(training_data="./train", target_column_name="label").task
    'image_instance_segmentation'
    """

    parameters_class: ClassVar[type[Section]] = ImageModelSettingsObjectDetection

    task: Literal["image_instance_segmentation"] = Field(
        "image_instance_segmentation", description="The kind of problem."
    )
    primary_metric: Annotated[str, BeforeValidator(metric_check("image_instance_segmentation")), _METRIC] | None = (
        Field(None, description="The metric that ranks the trials. Unset: mean_average_precision.")
    )
    training_parameters: ImageModelSettingsObjectDetection = Field(
        default_factory=ImageModelSettingsObjectDetection.model_construct,
        description="Training parameters of every trial.",
    )
