"""The web side of the hub: which requests get its pages, how large they may be, and what an admin may do."""
