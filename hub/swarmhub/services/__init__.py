"""Programs that run beside the hub in its container: the sweeper, node fencing and the operator's API."""
