"""The hub of a swarmhub class: one Swarm service for each user, with a home of limited size."""
