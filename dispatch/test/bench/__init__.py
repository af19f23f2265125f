"""The benchmark: CPU per call and memory of the service, beside Kamailio in the same run; docs/performance.md."""
