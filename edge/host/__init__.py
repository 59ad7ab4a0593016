"""The machine underneath: service manager, health, benchmark, check-up."""
