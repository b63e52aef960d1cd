"""The users' home folders on the storage."""
