use super::operator::{OperatorError, PersonCommand, run};
use crate::testing::service;
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn an_operator_lets_somebody_back_in(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up_unverified("ann@example.com").await;
    let email = || "ANN@example.com".to_owned();
    let state = &service.state;

    run(state, &PersonCommand::Verify { email: email() }).await.unwrap();
    assert_eq!(ann.get("/v1/session").await.expect(200)["user"]["email_verified"], true);

    let link = run(state, &PersonCommand::ResetLink { email: email() }).await.unwrap();
    let token = link.strip_prefix("http://127.0.0.1:8000/reset-password#token=").unwrap();
    let body = json!({"token": token, "password": "battery staple"});
    service.post("/v1/password/reset/confirm", body).await.expect(204);
    service.log_in("ann@example.com", "battery staple").await.expect(200);

    let turn_off = PersonCommand::DisableSecondFactor { email: email() };
    let off = || run(state, &turn_off);
    assert!(matches!(off().await, Err(OperatorError::Off)));
    sqlx::query(
        "INSERT INTO second_factors (user_id, sealed_secret, confirmed_at)
         SELECT id, 'lost', now() FROM users",
    )
    .execute(&db)
    .await
    .unwrap();
    let required = service.log_in("ann@example.com", "battery staple").await.expect(200);
    assert_eq!(required["second_factor"], "required");
    off().await.unwrap();
    let told = service.mails().await.pop().unwrap();
    assert_eq!((&*told.to, &*told.subject), ("ann@example.com", "Two-factor sign-in is off"));

    let ended = run(state, &PersonCommand::EndSessions { email: email() }).await.unwrap();
    assert_eq!(ended, "1 sessions ended");
    let nobody = run(state, &PersonCommand::Verify { email: "bob@example.com".into() }).await;
    assert!(matches!(nobody, Err(OperatorError::Nobody)));
}
