"""The three seeds' networks, each in training: how a sample is seen, written and scored."""
