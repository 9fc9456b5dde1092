"""Event source mappings at work: queues and streams are polled as Lambda does."""

from lcli.local.pollers.supervisor import Pollers

__all__ = ["Pollers"]
