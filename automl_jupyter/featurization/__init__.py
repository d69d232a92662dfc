"""Featurization: canonical tables into what learners are fitted on.

``recipes`` names what can be made and imports nothing heavy; the other modules are its parts.
"""
