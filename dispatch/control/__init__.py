"""Remote control: one table of commands (`commands`), and doors that know none of them by name."""
