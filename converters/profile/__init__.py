"""What an invocation costs on Arm, in instructions, counted under emulation."""
