//! The pool, the migrations, and the scopes a transaction can have.
//!
//! There is no way to a query but through one of the three transactions below, and each takes its
//! role before anything else. A [`TenantTx`] sees one organisation's rows, because row-level
//! security says so; the stores name the organisation as well, so that two mistakes are needed.

use crate::{
    audit::{self, Actor, Deed, Fact},
    telemetry::Waits,
};
use contract::OrganisationId;
use sqlx::{
    Connection, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// How long a caller waits for a connection, and a statement may run.
pub const PATIENCE: Duration = Duration::from_secs(2);

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// A person with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonId(pub Uuid);

/// An organisation that the database knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Organisation(Uuid);

impl Organisation {
    pub fn new_random() -> Self {
        Self(Uuid::new_v4())
    }
    pub fn known(id: Uuid) -> Self {
        Self(id)
    }
    pub fn uuid(self) -> Uuid {
        self.0
    }
    pub fn id(self) -> OrganisationId {
        OrganisationId::new(self.0.to_string())
    }
}

#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    waits: Arc<Waits>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("DATABASE_URL: {0}")]
    Url(#[source] sqlx::Error),
    #[error("cannot connect to the database: {0}")]
    Connect(#[source] sqlx::Error),
    #[error("cannot migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl Db {
    /// Connects, migrates (one process at a time, by an advisory lock) and opens the pool.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(OpenError::Url)?;
        let options = options.application_name("signalbox-control-plane");
        // Without the pool's statement timeout: a migration may take its time.
        let mut alone = PgConnection::connect_with(&options).await.map_err(OpenError::Connect)?;
        MIGRATOR.run(&mut alone).await?;
        alone.close().await.map_err(OpenError::Connect)?;
        let timeout = format!("{}ms", PATIENCE.as_millis());
        let options = options.options([
            ("statement_timeout", timeout.as_str()),
            ("idle_in_transaction_session_timeout", "10s"),
            ("synchronous_commit", "on"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await
            .map_err(OpenError::Connect)?;
        Ok(Self::from_pool(pool))
    }

    /// Over a pool that is migrated already.
    pub fn from_pool(pool: PgPool) -> Self {
        Self { pool, waits: Arc::default() }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.waits.through(self.pool.begin()).await
    }

    /// Sees accounts and sessions, and no organisation's rows.
    pub async fn anonymous(&self) -> Result<PersonTx, sqlx::Error> {
        let mut tx = self.begin().await?;
        sqlx::query!("SELECT set_config('role', 'signalbox_person', true)")
            .fetch_one(&mut *tx)
            .await?;
        Ok(PersonTx(tx))
    }

    /// Sees what one person belongs to.
    pub async fn person(&self, person: PersonId) -> Result<PersonTx, sqlx::Error> {
        let mut tx = self.begin().await?;
        sqlx::query!(
            "SELECT set_config('role', 'signalbox_person', true) AS role,
                    set_config('signalbox.person', $1, true) AS scope",
            person.0.to_string(),
        )
        .fetch_one(&mut *tx)
        .await?;
        Ok(PersonTx(tx))
    }

    /// Work of the service itself on one organisation's rows: `part` names it in the audit log.
    pub async fn tenant(
        &self,
        part: &'static str,
        organisation: Organisation,
    ) -> Result<TenantTx, sqlx::Error> {
        TenantTx::begin(self.begin().await?, Actor::service(part), organisation).await
    }

    /// The service's own work: the snapshot, the gateways' registry, housekeeping.
    pub async fn service(&self) -> Result<ServiceTx, sqlx::Error> {
        let mut tx = self.begin().await?;
        take_service_role(&mut tx).await?;
        Ok(ServiceTx(tx))
    }

    /// The same, seeing one instant throughout and with time for a long read.
    pub async fn service_at_one_instant(&self) -> Result<ServiceTx, sqlx::Error> {
        let read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut tx = self.waits.through(self.pool.begin_with(read)).await?;
        sqlx::query!("SELECT set_config('statement_timeout', '60s', true)")
            .fetch_one(&mut *tx)
            .await?;
        take_service_role(&mut tx).await?;
        Ok(ServiceTx(tx))
    }
}

/// Gives up on work that the database neither does nor refuses: a frozen server answers nothing,
/// not even a timeout of its own.
pub async fn patiently<T>(
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

async fn take_service_role(tx: &mut Transaction<'static, Postgres>) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT set_config('role', 'signalbox_service', true)")
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

pub struct PersonTx(Transaction<'static, Postgres>);

impl PersonTx {
    pub fn db(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Goes on as a member of `organisation`, seeing its rows and no others. Whether the actor
    /// may act there is for the caller to have asked.
    pub async fn enter(
        self,
        actor: impl Into<Actor>,
        organisation: Organisation,
    ) -> Result<TenantTx, sqlx::Error> {
        TenantTx::begin(self.0, actor.into(), organisation).await
    }

    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.0.commit().await
    }
}

pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    actor: Actor,
    organisation: Organisation,
    /// Written at commit: an entry of the log locks the organisation's others out until then.
    deeds: Vec<Deed>,
}

impl TenantTx {
    async fn begin(
        mut tx: Transaction<'static, Postgres>,
        actor: Actor,
        organisation: Organisation,
    ) -> Result<Self, sqlx::Error> {
        sqlx::query!(
            "SELECT set_config('role', 'signalbox_app', true) AS role,
                    set_config('signalbox.organisation', $1, true) AS tenant,
                    set_config('signalbox.person', $2, true) AS person",
            organisation.0.to_string(),
            actor.person_id().0.to_string(),
        )
        .fetch_one(&mut *tx)
        .await?;
        Ok(Self { tx, actor, organisation, deeds: Vec::new() })
    }

    pub fn db(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub fn organisation(&self) -> Organisation {
        self.organisation
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whose account it is done with: a token acts for its maker, the service for nobody.
    pub fn person(&self) -> PersonId {
        self.actor.person_id()
    }

    /// Notes what was done. Written with the transaction, so it stands or falls with the deed.
    pub async fn audit(&mut self, action: &str, subject: &str) -> Result<(), sqlx::Error> {
        self.audit_change(action, subject, None, None).await
    }

    /// The same, with what the subject was before and is now.
    pub async fn audit_change(
        &mut self,
        action: &str,
        subject: &str,
        before: Option<&dyn Fact>,
        after: Option<&dyn Fact>,
    ) -> Result<(), sqlx::Error> {
        self.deeds.push(Deed::new(action, subject, before, after)?);
        Ok(())
    }

    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        for deed in &self.deeds {
            audit::store::append(&mut self.tx, self.organisation, &self.actor, deed).await?;
        }
        self.tx.commit().await
    }
}

pub struct ServiceTx(Transaction<'static, Postgres>);

impl ServiceTx {
    pub fn db(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Notes in an organisation's log what somebody did that concerned several. It locks the
    /// organisation's others out of the log until the transaction ends.
    pub async fn audit_in(
        &mut self,
        organisation: Organisation,
        actor: impl Into<Actor>,
        action: &str,
        subject: &str,
    ) -> Result<(), sqlx::Error> {
        let deed = Deed::new(action, subject, None, None)?;
        sqlx::query!(
            "SELECT set_config('role', 'signalbox_app', true) AS role,
                    set_config('signalbox.organisation', $1, true) AS tenant",
            organisation.0.to_string(),
        )
        .fetch_one(&mut *self.0)
        .await?;
        audit::store::append(&mut self.0, organisation, &actor.into(), &deed).await?;
        take_service_role(&mut self.0).await
    }

    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.0.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::ConnectOptions;

    #[sqlx::test(migrations = false)]
    async fn processes_that_start_at_once_migrate_once(pool: PgPool) {
        let url = pool.connect_options().to_url_lossy().to_string();
        let opened = futures_util::future::join_all((0..3).map(|_| Db::open(&url, 2))).await;
        for db in opened {
            let mut tx = db.expect("opened").service().await.unwrap();
            let settings = sqlx::query_as::<_, (String, String)>(
                "SELECT current_setting('statement_timeout'), current_setting('synchronous_commit')",
            );
            let settings = settings.fetch_one(tx.db()).await.unwrap();
            assert_eq!(settings, ("2s".to_owned(), "on".to_owned()));
        }
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations"));
        let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(applied, files.unwrap().count() as i64);
    }

    #[tokio::test]
    async fn a_database_that_is_not_there_stops_the_start() {
        let refused = Db::open("postgres://nobody@127.0.0.1:9/none", 2).await;
        assert!(matches!(refused, Err(OpenError::Connect(_))));
        assert!(matches!(Db::open("nonsense", 2).await, Err(OpenError::Url(_))));
    }

    #[tokio::test]
    async fn what_the_database_never_answers_is_given_up() {
        let frozen = std::future::pending::<Result<(), sqlx::Error>>();
        assert!(matches!(patiently(frozen).await, Err(sqlx::Error::PoolTimedOut)));
    }
}
