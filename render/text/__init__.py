"""Pictures and results in words: captions, sentences, tables for papers."""
