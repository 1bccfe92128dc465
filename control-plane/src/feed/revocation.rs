//! Ending things for good: the same for every kind of credential.

/// Makes the function that revokes one thing of an app, and the one that lists what is not revoked.
/// `$table` and `$column` say where it stands, `$word` what it is called; `$kill` is what gateways are
/// told.
macro_rules! revocation {
    ($table:literal, $column:literal, $word:literal, $name:ident: $kind:ty => $kill:expr) => {
        /// Revokes it and returns the kill's revision; what is revoked already keeps its own.
        /// Nothing when the app has no such thing.
        pub async fn revoke(
            tx: &mut $crate::db::TenantTx,
            app: &contract::AppId,
            $name: &$kind,
        ) -> Result<Option<contract::directory::Revision>, $crate::api::ApiError> {
            let organisation = tx.organisation().uuid();
            let found = sqlx::query!(
                "SELECT revoked_revision FROM "
                    + $table
                    + " WHERE "
                    + $column
                    + " = $1 AND app_id = $2 AND organisation_id = $3 FOR NO KEY UPDATE",
                $name.as_str(),
                app.as_str(),
                organisation,
            )
            .fetch_optional(tx.db())
            .await?;
            let Some(found) = found else {
                return Ok(None);
            };
            if let Some(revision) = found.revoked_revision {
                return Ok(Some(revision.unsigned_abs()));
            }
            let kill: fn(contract::AppId, $kind) -> contract::directory::Kill = $kill;
            let kill = contract::directory::Change::Kill(kill(app.clone(), $name.clone()));
            let revision = $crate::feed::store::append(tx, &kill).await?;
            sqlx::query!(
                "UPDATE "
                    + $table
                    + " SET revoked_at = now(), revoked_revision = $4 WHERE "
                    + $column
                    + " = $1 AND app_id = $2 AND organisation_id = $3",
                $name.as_str(),
                app.as_str(),
                organisation,
                revision.cast_signed(),
            )
            .execute(tx.db())
            .await?;
            let told = serde_json::json!({
                "organisation_id": organisation,
                "app_id": app,
                "kind": $word,
                "key": $name.as_str(),
            });
            let event = $crate::webhooks::events::OwnEvent::KeyRevoked;
            $crate::webhooks::own_events::keep(tx, event, Some(app), &told).await?;
            Ok(Some(revision))
        }

        /// Revokes all that the app has, and returns how many that were and the last revision.
        pub async fn revoke_all(
            tx: &mut $crate::db::TenantTx,
            app: &contract::AppId,
        ) -> Result<(u64, Option<contract::directory::Revision>), $crate::api::ApiError> {
            let names = sqlx::query_scalar!(
                "SELECT "
                    + $column
                    + " FROM "
                    + $table
                    + " WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL ORDER BY "
                    + $column
                    + " FOR NO KEY UPDATE",
                app.as_str(),
                tx.organisation().uuid(),
            )
            .fetch_all(tx.db())
            .await?;
            let (mut count, mut last) = (0, None);
            for name in names {
                let name = $crate::keys::store::decode(&name)?;
                last = revoke(tx, app, &name).await?.max(last);
                count += 1;
            }
            Ok((count, last))
        }
    };
}

pub(crate) use revocation;
