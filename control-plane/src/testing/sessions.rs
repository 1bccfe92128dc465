//! The sessions that a service under test has in its database.

use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;
use uuid::Uuid;

/// They end with the service: a database cannot be dropped while one of them is left, and Postgres
/// waits five seconds at the end of each test before it says so.
pub struct Sessions {
    pub pool: PgPool,
    options: PgConnectOptions,
    name: String,
}

impl Sessions {
    pub fn like(pool: &PgPool) -> Self {
        let name = format!("service {}", Uuid::new_v4());
        let options = (*pool.connect_options()).clone().application_name(&name);
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(options.clone());
        Self { pool, options, name }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        // Nobody gets a connection any more; those that are lent are cut.
        drop(self.pool.close());
        tokio::spawn(cut(self.options.clone().application_name("cut"), self.name.clone()));
    }
}

async fn cut(options: PgConnectOptions, name: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&options.database("postgres")).await?;
    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    sqlx::query(all).bind(name).execute(&mut connection).await?;
    connection.close().await
}
