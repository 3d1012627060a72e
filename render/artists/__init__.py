"""What pictures are made of: artists that follow a race, legends, texts that fit."""
