"""Execution environments: function code in worker processes that speak Lambda's Runtime API."""
