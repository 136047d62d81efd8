"""What is filmed and spoken: clips and voices, asked for at the gateway, and how long shots are."""
