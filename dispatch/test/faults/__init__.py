"""Faults under load: what each costs in calls, with the real program and SIPp as caller and gateways."""
