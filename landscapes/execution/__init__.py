"""Execute experiments of many runs: blocks, executors, and results in memory or in a directory."""

from landscapes.execution._execute import check_memory, count_workers, execute
from landscapes.execution.running import Executor, UnfinishedError

__all__ = ["Executor", "UnfinishedError", "check_memory", "count_workers", "execute"]
