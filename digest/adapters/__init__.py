"""Where Mujaz meets the world: the store, the web, the carriers of mail, the clock."""
