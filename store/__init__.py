"""The only room that speaks SQL. Functions take a session and never commit; transactions open in the jobs."""
