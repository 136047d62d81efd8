"""The studio over HTTP: what the commands do, for programs and for a portal."""
