"""What all clients share."""
