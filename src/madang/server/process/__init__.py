"""One process of the gateway: its parts are built, joined, tended in the background, and served."""
