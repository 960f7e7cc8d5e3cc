"""Evaluation: protocols, measures, statistics, reports."""
