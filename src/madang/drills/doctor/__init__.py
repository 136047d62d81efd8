"""What `madang doctor` looks at: the installation, the providers and their keys, and what targets can do."""
