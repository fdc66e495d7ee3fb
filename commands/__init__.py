"""The roof: the command `tingfeng`."""
