"""Reports of comparisons: a page or a document with the question, the answer, and what it cannot say."""
