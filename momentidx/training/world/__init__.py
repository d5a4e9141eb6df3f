"""A world to learn in: drawn footage whose contents are known exactly.

    story.py      what happens in a clip, from a number (its seed)
    things.py, places.py   what things and places look like
    pictures.py   a story's picture at any time; file.py writes it as a video
    words.py      what happens, in many wordings; talks.py asks and answers about it

The same seed gives the same story, words and bytes of pictures. The split `test` has combinations of thing
and action, and of thing and colour, that `train` never shows.
"""
