"""Stock video chat models of the transformers library, from a folder or the local hub cache; nothing is downloaded."""
