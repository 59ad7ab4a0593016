"""Tests on whole systems: services, boots, camera stacks."""
