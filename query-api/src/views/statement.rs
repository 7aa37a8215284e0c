//! One statement with its values.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments as _, Encode, PgConnection, Postgres, Type};

/// SQL with the values of its parameters, and whether its plan is kept.
#[derive(Debug)]
pub(crate) struct Statement {
    sql: String,
    arguments: PgArguments,
    unfit: Option<sqlx::error::BoxDynError>,
    kept: bool,
}

impl Statement {
    /// One whose best plan never depends on its values: it is prepared once a connection.
    pub(crate) fn kept(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            arguments: PgArguments::default(),
            unfit: None,
            kept: true,
        }
    }

    /// One that is planned each time, with its values: some of them are in every row, others in few.
    pub(crate) fn planned_anew(sql: impl Into<String>) -> Self {
        Self {
            kept: false,
            ..Self::kept(sql)
        }
    }

    /// Has it prepared once a connection.
    pub(crate) fn keep(&mut self) -> &mut Self {
        self.kept = true;
        self
    }

    /// Adds SQL.
    pub(crate) fn push(&mut self, sql: impl AsRef<str>) -> &mut Self {
        self.sql.push_str(sql.as_ref());
        self
    }

    /// Adds a parameter and its value.
    pub(crate) fn push_bind<'v, T>(&mut self, value: T) -> &mut Self
    where
        T: 'v + Encode<'v, Postgres> + Type<Postgres>,
    {
        self.add(value);
        self.sql.push('$');
        self.sql.push_str(&self.arguments.len().to_string());
        self
    }

    /// The value of the next parameter that the SQL names already.
    pub(crate) fn bind<'v, T>(mut self, value: T) -> Self
    where
        T: 'v + Encode<'v, Postgres> + Type<Postgres>,
    {
        self.add(value);
        self
    }

    fn add<'v, T>(&mut self, value: T)
    where
        T: 'v + Encode<'v, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.arguments.add(value) {
            self.unfit = Some(error);
        }
    }

    /// Runs it.
    pub(crate) async fn fetch_all(
        self,
        connection: &mut PgConnection,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        if let Some(error) = self.unfit {
            return Err(sqlx::Error::Encode(error));
        }
        sqlx::query_with(&self.sql, self.arguments)
            .persistent(self.kept)
            .fetch_all(connection)
            .await
    }

    /// The same statement with `explain` before it.
    #[cfg(test)]
    pub(crate) fn explained(mut self) -> Self {
        self.sql
            .insert_str(0, "explain (analyze, costs off, timing off, format json) ");
        self.kept = false;
        self
    }
}
