"""Source → deployable: deterministic zips, builders per language, the cache."""
