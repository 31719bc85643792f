"""What folders hold for a report: a run, a study, and facts about a run."""
