"""Between lcli and the local cloud: faults as AWS and networks have them, a record of calls."""
