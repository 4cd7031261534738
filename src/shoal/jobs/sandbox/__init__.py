"""Programs of users, each kept from the home, from each other, and within its bounds."""
