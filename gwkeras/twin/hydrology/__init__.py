"""Water balances, several of different form, so that no method is judged by its own equations alone."""
