"""What is deployed: one folder per client, and what all clients share."""
