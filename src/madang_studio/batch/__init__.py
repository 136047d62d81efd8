"""From what was asked for to what is handed over: one drama or hundreds, to the end, and told as it goes."""
