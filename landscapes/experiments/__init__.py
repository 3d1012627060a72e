"""What can be asked for: races, tuning, sweeps, basins, comparisons, and views of landscapes."""
