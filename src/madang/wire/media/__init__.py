"""Providers of video, speech and pictures: pure readers and writers of what they say, one module each."""
