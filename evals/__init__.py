"""Golden questions times a system: outcomes, report, gate. Knows nothing of how answers are made."""
