"""What commands print: tables for people, JSON for programs, and the words for both."""
