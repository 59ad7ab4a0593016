"""Do the counts hold on real footage? Clips with known people through the product's own loop."""
