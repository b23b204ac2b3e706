"""What a stack costs: prices, what was measured, the arithmetic, and the tables in the documentation."""
