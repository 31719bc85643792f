"""How well methods find detail: worlds × seeds × filters × conditions × methods, judged by the truth in held-out months."""
