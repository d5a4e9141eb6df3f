"""Media files: facts, identity, frames, shots and stills. Decoding happens in a child process."""
