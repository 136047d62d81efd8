"""Administration under `/api`: one table of operations, and a file for each thing that is administered."""
