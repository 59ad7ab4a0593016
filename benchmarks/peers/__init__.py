"""What a frame costs here and with what else a user could pick: same clips, machine and run."""
