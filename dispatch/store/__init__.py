"""What outlives the service: admin state, health, counters, open calls and cursors."""
