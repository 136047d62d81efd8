"""What commands do: each file administers one thing, in the store of a home folder or at a running gateway."""
