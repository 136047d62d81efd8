"""What callers may ask for, and where each name leads: models, media, tasks, tiers and rules made into routes."""
