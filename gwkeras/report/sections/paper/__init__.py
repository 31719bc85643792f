"""The paper's tables and figures as this run gives them, beside what the paper prints."""
