"""From the journal into the store: its lines read, each attempt entered once, and what died processes left."""
