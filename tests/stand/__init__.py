"""What the rooms of tests stand on: recorded traffic and its judge, providers of set answers, streams in pieces."""
