"""Say why a run ended as it did: the log of a run in, a verdict with its evidence out. Numpy only."""

from landscapes.diagnosis._log_file import LogFile, load_log, load_logs
from landscapes.diagnosis._prescription import Prescription, Trial
from landscapes.diagnosis._verdict import HEALTHY, KINDS, Diagnosis, Evidence, Verdict

__all__ = [
    "HEALTHY",
    "KINDS",
    "Diagnosis",
    "Evidence",
    "LogFile",
    "Prescription",
    "Trial",
    "Verdict",
    "load_log",
    "load_logs",
]
