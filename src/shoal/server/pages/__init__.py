"""Pages for people: server-rendered, readable and usable without JavaScript."""
