"""What folders hold for a report: a run, a study, and what a run tells of itself."""
