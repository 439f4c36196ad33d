"""The composition root: settings, commands, and the processes they start and watch."""
