"""What is written: scripts, their passes and translations, the shots they break into, and the prompt of each shot."""
