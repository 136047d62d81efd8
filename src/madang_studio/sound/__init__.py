"""What is heard: lines placed in their shots, a bed of music, one mix per film."""
