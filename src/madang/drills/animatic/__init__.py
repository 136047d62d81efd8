"""The animatic: real clips, stills and a scratch voice, made on this machine without any model.

    reading, people   from a prompt to a shot   words, looks   what words mean; records
    backdrops, head, body, figures         what is drawn    pen, light   how
    stage     a shot, frame by frame       camera           how it moves
    film      clips and stills             voice, hum, voices   spoken lines   programs   what is run
    rendering the same from an event loop: each file by a process of its own (`__main__`)

What is made here is a stand-in: clips say "animatic" in their corner, and voices name their engine.
Nothing heavy is imported by `rendering`; Pillow and ffmpeg live in the process that makes a file.
"""
