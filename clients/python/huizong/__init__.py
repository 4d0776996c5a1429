"""A client of Huizong (汇总)."""

from .client import Client, Stored, Submission
from .errors import Finding, Refused, Unreachable
from .values import NOT_APPLICABLE, Cell

__all__ = ["NOT_APPLICABLE", "Cell", "Client", "Finding", "Refused", "Stored", "Submission", "Unreachable"]
