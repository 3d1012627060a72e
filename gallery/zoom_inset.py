"""
A closer look
=============

Who is where, and what happens at the very end: names that follow the heads, a view that holds the race and no
more, and the minimum through a lens.
"""

# %%
# The view is asked for before the race: the surface is recorded where the runs go, as finely as ever. A race that
# is saved already can be cut down to a view, but not widened.

from pathlib import Path

from landscapes import race, render

pictures = Path(__file__).parent / "pictures"

record = race("beale", ["momentum", "nesterov", "rmsprop", "adam"], view="race")

# %%
# The sentence beneath a picture, with every setting; the file carries it as well.

print(render.caption(record))

# %%
# What to look at: names give way to heads and to each other. The inset takes the corner that the race leaves free.

render.animate(record, labels="heads", inset=True, size=(640, 480), panel=False).save(pictures / "closer.gif")
