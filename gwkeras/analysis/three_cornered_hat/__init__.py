"""Errors of three or more products of one quantity from their differences alone, and the best weighted mean of them."""
