"""Jobs: what is ordered, seen through, looked for and brought home, whichever process does it."""
