"""Starting and watching the Swarm services in which the users' servers run."""
