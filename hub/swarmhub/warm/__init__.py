"""Warm starts: the servers of the class are ready before the lesson begins, on the manager's own clock."""
