"""The embedded cloud: Lambda's API and runtime are its own, every other service is moto."""
