"""What was asked: one schema for all ten tasks, its doors (YAML, cell, mapping, Python) and its words.

Nothing here imports pandas, NumPy, scikit-learn, Dask or IPython.
"""

from __future__ import annotations

from automl_jupyter.spec.image import (
    ImageClassificationJob,
    ImageClassificationMultilabelJob,
    ImageInstanceSegmentationJob,
    ImageObjectDetectionJob,
)
from automl_jupyter.spec.inputs import Input, JobInput
from automl_jupyter.spec.job import AutoMLJob
from automl_jupyter.spec.jobs import JOB_CLASSES, JobSpec, job_class, make_job
from automl_jupyter.spec.options import OPTIONS, Option
from automl_jupyter.spec.parse import parse_cell, parse_file, parse_mapping, parse_yaml
from automl_jupyter.spec.render import render_cell, render_python, render_yaml
from automl_jupyter.spec.schema import json_schema
from automl_jupyter.spec.tabular import ClassificationJob, ForecastingJob, RegressionJob
from automl_jupyter.spec.text import TextClassificationJob, TextClassificationMultilabelJob, TextNerJob

__all__ = [
    "JOB_CLASSES",
    "OPTIONS",
    "AutoMLJob",
    "ClassificationJob",
    "ForecastingJob",
    "ImageClassificationJob",
    "ImageClassificationMultilabelJob",
    "ImageInstanceSegmentationJob",
    "ImageObjectDetectionJob",
    "Input",
    "JobInput",
    "JobSpec",
    "Option",
    "RegressionJob",
    "TextClassificationJob",
    "TextClassificationMultilabelJob",
    "TextNerJob",
    "job_class",
    "json_schema",
    "make_job",
    "parse_cell",
    "parse_file",
    "parse_mapping",
    "parse_yaml",
    "render_cell",
    "render_python",
    "render_yaml",
]
