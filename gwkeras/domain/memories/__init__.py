"""What the ground remembers of the weather: channels that recharge follows, their memories, and the maps that shape both."""
