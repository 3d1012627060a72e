"""What records and comparisons say in words, numbers and tables. Numpy only."""
