"""Who and what is on a platform: users, organisations, student groups, labels, teams."""
