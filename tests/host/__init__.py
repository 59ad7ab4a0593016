"""Specification of what stands next to the machine: doctor, benchmark, readings."""
