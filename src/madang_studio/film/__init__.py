"""What is seen and handed over: cuts, captions, films, their check and the package."""
