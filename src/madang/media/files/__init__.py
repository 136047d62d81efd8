"""Files: where finished ones are kept, and pictures of them."""
