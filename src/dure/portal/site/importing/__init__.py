"""Taking over a call that was run elsewhere: organisations, applications, teams, reviewers and scores from tables."""
