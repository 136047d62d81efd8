"""Media: clips as durable jobs, speech, pictures and transcripts, whoever makes them; settled in the same ledger."""
