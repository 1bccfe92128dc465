//! Stripe's API, as much of it as is needed: customers, a hosted page that takes a card
//! (Checkout in `setup` mode, so that no card number ever comes here), and payment intents.
//! Stripe's own invoices are not used: ours can be recomputed, and there is only one truth.

use crate::billing::settings::StripeConfig;
use reqwest::{Client, Method, StatusCode, Url};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The shapes below are this version's.
const VERSION: &str = "2024-06-20";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Every POST carries an idempotency key, so asking again is safe.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);
const MAX_ANSWER_BYTES: usize = 1 << 20;

pub struct Stripe {
    http: Client,
    base: Url,
    secret_key: Zeroizing<String>,
    pub(super) webhook_secret: Zeroizing<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// Nobody knows what became of it; the same question may be asked again.
    #[error("Stripe does not answer: {0}")]
    Unreachable(String),
    /// The card's issuer or the customer has to do something.
    #[error("{message}")]
    Declined { message: String },
    /// Our doing, or the account's.
    #[error("Stripe refused ({status}): {message}")]
    Refused { status: u16, message: String },
}

#[derive(Debug, Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RefusalBody {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

#[derive(Debug, Deserialize)]
pub struct Customer {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub struct CheckoutSession {
    pub id: String,
    pub url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct SetupIntent {
    pub id: String,
    pub created: i64,
    pub status: String,
    pub customer: Option<String>,
    pub payment_method: Option<PaymentMethod>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PaymentMethod {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub card: Option<Card>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Card {
    pub brand: String,
    pub last4: String,
    pub exp_month: u8,
    pub exp_year: u16,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PaymentIntent {
    pub id: String,
    pub status: IntentStatus,
    pub amount: i64,
    #[serde(default)]
    pub last_payment_error: Option<LastError>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LastError {
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    Succeeded,
    Processing,
    Canceled,
    RequiresPaymentMethod,
    RequiresAction,
    RequiresConfirmation,
    RequiresCapture,
    #[serde(other)]
    Unknown,
}

/// What is being paid.
pub struct Charge<'a> {
    pub invoice: Uuid,
    pub organisation: Uuid,
    pub number: i32,
    pub cents: i64,
    pub customer: &'a str,
}

impl Stripe {
    pub fn new(config: &StripeConfig) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            base: config.base_url.clone(),
            secret_key: config.secret_key.clone(),
            webhook_secret: config.webhook_secret.clone(),
        })
    }

    pub async fn create_customer(
        &self,
        organisation: Uuid,
        name: &str,
        email: Option<&str>,
    ) -> Result<Customer, StripeError> {
        let organisation = organisation.to_string();
        let mut form = vec![("name", name), ("metadata[organisation]", &organisation)];
        form.extend(email.map(|email| ("email", email)));
        self.post("customers", &form, &format!("customer-{organisation}")).await
    }

    /// A page of Stripe's on which the customer gives a card for later.
    pub async fn start_setup(
        &self,
        customer: &str,
        return_url: &str,
    ) -> Result<CheckoutSession, StripeError> {
        let (done, left) = (format!("{return_url}?card=saved"), format!("{return_url}?card=none"));
        let form = [
            ("mode", "setup"),
            ("currency", "usd"),
            ("customer", customer),
            ("success_url", &done),
            ("cancel_url", &left),
        ];
        self.post("checkout/sessions", &form, &format!("setup-{}", Uuid::new_v4())).await
    }

    pub async fn setup_intent(&self, id: &str) -> Result<SetupIntent, StripeError> {
        self.get(&format!("setup_intents/{id}"), &[("expand[]", "payment_method")]).await
    }

    /// The payment intent of an invoice: asked for again, it is the same one.
    pub async fn create_intent(&self, charge: &Charge<'_>) -> Result<PaymentIntent, StripeError> {
        let (cents, number) = (charge.cents.to_string(), charge.number.to_string());
        let (organisation, invoice) = (charge.organisation.to_string(), charge.invoice.to_string());
        let description = format!("Signalbox invoice {number}");
        let form = [
            ("amount", cents.as_str()),
            ("currency", "usd"),
            ("customer", charge.customer),
            ("description", &description),
            ("metadata[organisation]", &organisation),
            ("metadata[invoice]", &number),
            ("payment_method_types[]", "card"),
        ];
        self.post("payment_intents", &form, &format!("invoice-{invoice}")).await
    }

    /// Tries to take the money. A try of the same number is the same try.
    pub async fn confirm(
        &self,
        intent: &str,
        method: &str,
        invoice: Uuid,
        number_of_try: i32,
    ) -> Result<PaymentIntent, StripeError> {
        let form = [("payment_method", method), ("off_session", "true")];
        // Another card is another question, also within one try.
        let key = format!("confirm-{invoice}-{number_of_try}-{method}");
        self.post(&format!("payment_intents/{intent}/confirm"), &form, &key).await
    }

    pub async fn intent(&self, id: &str) -> Result<PaymentIntent, StripeError> {
        self.get(&format!("payment_intents/{id}"), &[]).await
    }

    pub async fn detach(&self, method: &str) -> Result<(), StripeError> {
        let path = format!("payment_methods/{method}/detach");
        let answer: Result<serde_json::Value, _> =
            self.post(&path, &[], &format!("detach-{method}")).await;
        match answer {
            // It is gone already.
            Ok(_) | Err(StripeError::Refused { status: 400 | 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, StripeError> {
        self.ask(Method::GET, path, query, None).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, &str)],
        idempotency_key: &str,
    ) -> Result<T, StripeError> {
        self.ask(Method::POST, path, form, Some(idempotency_key)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        values: &[(&str, &str)],
        idempotency_key: Option<&str>,
    ) -> Result<T, StripeError> {
        let mut tries = 1;
        loop {
            match self.ask_once(method.clone(), path, values, idempotency_key).await {
                Err(StripeError::Unreachable(_)) if tries < TRIES => {
                    tokio::time::sleep(PAUSE * tries).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn ask_once<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        values: &[(&str, &str)],
        idempotency_key: Option<&str>,
    ) -> Result<T, StripeError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/v1/{path}", self.base.path().trim_end_matches('/')));
        if !values.is_empty() {
            url.query_pairs_mut().clear().extend_pairs(values);
        }
        let form = url.query().unwrap_or_default().to_owned();
        let request = match idempotency_key {
            Some(key) => {
                url.set_query(None);
                self.http
                    .request(method, url)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .header("idempotency-key", key)
                    .body(form)
            }
            None => self.http.request(method, url),
        };
        let request =
            request.header("stripe-version", VERSION).bearer_auth(self.secret_key.as_str());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = read(response).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|e| StripeError::Refused {
                status: status.as_u16(),
                message: format!("an answer of another shape: {e}"),
            });
        }
        Err(refused(status, &body))
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, StripeError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(StripeError::Unreachable("an answer that is too long".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreachable(error: reqwest::Error) -> StripeError {
    StripeError::Unreachable(error.without_url().to_string())
}

/// 409: the same question is being answered. 429 and 5xx: not now.
fn refused(status: StatusCode, body: &[u8]) -> StripeError {
    let error = serde_json::from_slice::<Refusal>(body).map(|r| r.error).unwrap_or_default();
    let (status, message) = (status.as_u16(), error.message);
    match status {
        409 | 429 | 500.. => StripeError::Unreachable(format!("{status} {message}")),
        402 => StripeError::Declined { message },
        _ if error.kind == "card_error" => StripeError::Declined { message },
        _ => StripeError::Refused { status, message },
    }
}
