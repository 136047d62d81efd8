"""The simulator's media side: clips, speech, pictures and transcripts in every provider's own shape.

side       which provider a path is, the life of a request    control  /__sim/media
providers/ each in a module, by the `contract`                desk     jobs, and how they fare
profile    settings: speed, caps, closures                    traps    what goes wrong, as rows
prices     what is charged                                    book     what was accepted and charged
workshop   real files by ffmpeg; tones, pictures by hand      forms    multipart bodies
"""
