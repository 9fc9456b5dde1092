"""One call and many: payloads, the response, REPORT."""
