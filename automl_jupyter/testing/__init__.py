"""Shipped checks: what a learner must keep, a job in virtual time.

A package that adds a learner runs :func:`automl_jupyter.testing.learner_checks.check_learner` on it in its own tests.
"""
