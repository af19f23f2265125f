"""Who is told when a destination goes down, comes back, or is empty: functions, a log, a webhook."""
