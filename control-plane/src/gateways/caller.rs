//! Who may use the internal routes: whoever holds the gateways' token.

use crate::{api::ApiError, state::State};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use std::future::{Ready, ready};

pub struct GatewayCaller;

impl FromRequest for GatewayCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<Data<State>>();
        let bearer = request.headers().get(header::AUTHORIZATION);
        let token = bearer.and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
        ready(match (state, token) {
            (Some(state), Some(token)) if state.gateway_token.matches(token) => Ok(Self),
            _ => Err(ApiError::Unauthenticated),
        })
    }
}
