"""What the processor under the tests does otherwise than most."""

from pathlib import Path

HAS_AMX = "amx_bf16" in Path("/proc/cpuinfo").read_text("ascii", errors="ignore")
"""In bfloat16 the last digits of a vector may depend on how many texts its batch has: page 5 of docs/decisions."""
