"""Makes a raw snapshot restorable elsewhere, by pure rules."""
