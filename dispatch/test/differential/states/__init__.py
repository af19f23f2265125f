"""Sequences of marks, commands, probe answers and reloads: the states of many destinations at once, theirs and ours."""
