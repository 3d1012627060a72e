"""What a landscape is: a formula on tensors with its facts, and what can be measured of it."""
