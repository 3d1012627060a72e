"""Execute experiments of many runs: blocks, executors, and results in memory or in a directory."""

from landscapes.execution._execute import Executor, UnfinishedError, count_workers, execute

__all__ = ["Executor", "UnfinishedError", "count_workers", "execute"]
