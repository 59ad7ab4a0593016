"""The machine and the installation as they are: `doctor` finds faults, `bench` measures."""
