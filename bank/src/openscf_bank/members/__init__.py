"""Members of programs: brought in by their anchor, or by themselves with its invitation."""
