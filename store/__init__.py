"""The only room that speaks SQL. Functions take a session and never commit; transactions open in the jobs.

`database` gives sessions, `tables` says what there is and how it hangs together, `schema` gets a database there;
one file per kind of rows, `reports` for what is read across them, `sql` for what SQLite and PostgreSQL spell apart.
Speed comes from three habits: batches go round the ORM (`sql.Batch`), lists travel as one parameter (`sql.one_of`),
and what is read often is kept summed up (`bucket`, `coverage`) in the transaction that changes it.
"""
