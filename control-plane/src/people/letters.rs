//! Everything that people are told by mail about their accounts.

use super::{device::Device, links::LinkToken};
use crate::{mail::Letter, state::State};

const NOT_YOU: &str = "If this was not you, set a new password now and look at your sessions.";

pub fn verify_email(state: &State, token: &LinkToken) -> Letter {
    Letter::new("Confirm your e-mail address")
        .paragraph("Welcome to Signalbox. Confirm that this address is yours to invite colleagues, make management tokens and choose a plan.")
        .link("Confirm the address", link(state, "/verify-email", token))
        .paragraph("The link works once, for 24 hours. If you did not sign up, do nothing.")
}

pub fn change_email(state: &State, token: &LinkToken) -> Letter {
    Letter::new("Confirm your new e-mail address")
        .paragraph("Somebody signed in to Signalbox wants to use this address from now on.")
        .link("Use this address", link(state, "/verify-email", token))
        .paragraph("The link works once, for 24 hours. If it was not you, do nothing.")
}

pub fn reset_password(state: &State, token: &LinkToken) -> Letter {
    Letter::new("Set a new password")
        .paragraph("Somebody asked for a new password for your Signalbox account.")
        .link("Set a new password", link(state, "/reset-password", token))
        .paragraph("The link works once, for one hour. If it was not you, do nothing: your password stays as it is.")
}

fn link(state: &State, path: &str, token: &LinkToken) -> String {
    state.console_link(&format!("{path}#token={}", token.as_str()))
}

pub fn address_taken(state: &State) -> Letter {
    Letter::new("You already have an account")
        .paragraph("Somebody tried to sign up to Signalbox with this address. It has an account already, and nothing has changed.")
        .link("Sign in", state.console_link("/login"))
        .link("Forgot the password?", state.console_link("/forgot-password"))
}

pub fn email_changed(state: &State, new: &str, device: &Device) -> Letter {
    Letter::new("Your e-mail address was changed")
        .paragraph(format!("Your Signalbox account now belongs to {new}. This address can no longer be used to sign in."))
        .facts(device.facts())
        .paragraph("If this was not you, somebody else has your account: write to whoever runs this Signalbox at once.")
        .link("Signalbox", state.console_link("/"))
}

pub fn password_changed(state: &State, device: &Device) -> Letter {
    notice(
        state,
        "Your password was changed",
        "Your password was changed, and other sessions have ended.",
        device,
    )
}

pub fn second_factor_on(state: &State, device: &Device) -> Letter {
    notice(
        state,
        "Two-factor sign-in is on",
        "Signing in now needs a code from your authenticator app.",
        device,
    )
}

pub fn second_factor_off(state: &State, device: &Device) -> Letter {
    notice(state, "Two-factor sign-in is off", "Signing in now needs your password only.", device)
}

pub fn recovery_code_used(state: &State, left: i64, device: &Device) -> Letter {
    let text =
        format!("A recovery code was used in place of your authenticator app. {left} are left.");
    notice(state, "A recovery code was used", &text, device)
}

pub fn recovery_codes_made(state: &State, device: &Device) -> Letter {
    notice(
        state,
        "You have new recovery codes",
        "New recovery codes were made. The old ones no longer work.",
        device,
    )
}

pub fn new_sign_in(state: &State, device: &Device) -> Letter {
    notice(
        state,
        "New sign-in to your account",
        "Somebody signed in to your account from a place or a browser that is new to us.",
        device,
    )
}

pub fn account_deleted() -> Letter {
    Letter::new("Your account is deleted").paragraph(
        "Your Signalbox account is deleted, as you asked. Thank you for having been here.",
    )
}

fn notice(state: &State, subject: &str, text: &str, device: &Device) -> Letter {
    Letter::new(subject)
        .paragraph(text)
        .facts(device.facts())
        .paragraph(NOT_YOU)
        .link("Security of your account", state.console_link("/account/security"))
}

pub fn second_factor_off_by_operator(state: &State) -> Letter {
    Letter::new("Two-factor sign-in is off")
        .paragraph("Whoever runs this Signalbox turned your two-factor sign-in off. Signing in now needs your password only.")
        .paragraph(NOT_YOU)
        .link("Security of your account", state.console_link("/account/security"))
}
