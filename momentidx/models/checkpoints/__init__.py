"""Published and self-trained weights, read into our one layout."""
