"""The processes that do jobs: forked, supervised, replaced; they never see the database."""
