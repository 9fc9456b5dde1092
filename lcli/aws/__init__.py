"""The one place that makes clients: session, retries, pacing, error translation."""
