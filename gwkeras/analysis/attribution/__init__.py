"""Which inputs a prediction comes from: Shapley values, in closed form, by coalitions, by the shap package, by gradients."""
