"""Workers on other machines: who they are, what they are told over HTTPS, and what they do there."""
