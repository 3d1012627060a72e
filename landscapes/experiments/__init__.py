"""Run experiments: race, sweep, basins, compare, tune, explore, project and summarize."""
