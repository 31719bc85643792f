"""Sections of a report, each a function of the stored evaluation or of facts of the run."""
