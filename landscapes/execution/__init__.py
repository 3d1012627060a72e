"""Execute experiments of many runs: blocks, executors, and results in memory or in a directory."""
