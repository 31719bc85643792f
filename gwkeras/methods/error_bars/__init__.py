"""How wrong a method may be: calibrated where the product or a reference was held out, and what neither can see."""
