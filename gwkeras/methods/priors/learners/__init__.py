"""Learners of regressions that are not linear: what forest, boosting and perceptron share."""
